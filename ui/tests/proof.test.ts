// The proof tree as it is told: what is met, what is not, and what need not be.
import { expect, test } from 'vitest'
import type { ProofView } from '../src/lib/api'
import { leaves, lines, remedies } from '../src/lib/proof'

function proof(code: string, outcome: string, remedy = '', parts: ProofView[] = []): ProofView {
  return { code, text: code, outcome, fact: '', source: '', remedy, parts }
}
const tree = proof('exemption', 'not_met', '', [
  proof('right_person', 'met', '', [proof('citizen_came', 'met'), proof('guardian_came', 'not_needed', '', [proof('identity', 'not_met', 'show_id')])]),
  proof('declared', 'not_met', 'declare'),
  proof('register', 'not_known', 'look')
])

test('a branch that does not matter has no leaves', () => {
  expect(leaves(tree, 'not_met').map((leaf) => leaf.code)).toEqual(['declared'])
  expect(leaves(tree, 'not_known').map((leaf) => leaf.code)).toEqual(['register'])
})

test('what would change the outcome is said once each', () => {
  expect(remedies(tree).map((leaf) => leaf.remedy)).toEqual(['declare', 'look'])
})

test('everything below an unneeded branch is grey', () => {
  expect(lines(tree).filter((line) => line.idle).map((line) => line.proof.code)).toEqual(['guardian_came', 'identity'])
})
