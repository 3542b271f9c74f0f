// Work in quarantine and work that was sent back, as the pages show them.
import { expect, test } from 'vitest'
import type { HeldPage, ReturnedRow } from '../src/lib/api'
import { answers, RecordedCore, refusal } from './recorded'
import { expectAccessible, get, open, settle, type, until } from './page'

const row = {
  command: 'c-1', case_id: '', case_number: '2026-S1-0007', reason: 'Medarbejderens adgang var trukket tilbage.', name: 'Karin Thygesen',
  device: 'S1 · Skranke S1', what: 'Bevilget', recorded_at: '2026-11-21T08:00:00.000Z', held_at: '2026-11-21T08:05:00.000Z'
}
const held: HeldPage = { rows: [row], has_more: false, outcome: '' }
const session = { ...answers.start_ready.session!, acts: [...answers.start_ready.session!.acts, 'review'] }
const lead = { ...answers.start_ready, session }
const returned: ReturnedRow = {
  command: 'c-2', case_id: answers.case.row.id, case_number: answers.case.row.number, citizen: 'Aase Lindholm', what: 'Registreret i Digital Post',
  held_for: 'Medarbejderens adgang var trukket tilbage.', reason: 'Registrér igen', by: 'Hanne Vestergaard', at: '2026-11-21T09:00:00.000Z'
}

test('a lead sees why, who and which case, and lets work in with a reason', async () => {
  const { core } = await open(new RecordedCore({ start_state: lead, held_work: held, held_decide: { rows: [], has_more: false, outcome: 'Arbejdet er lukket ind i sagen.' } }), { name: 'queue' })
  await until(() => document.getElementById('queue-held') !== null, 'the tab')
  get('queue-held').click()
  await until(() => document.getElementById('held-0') !== null, 'the held work')
  const words = get('held-0').textContent
  for (const part of [row.case_number, row.reason, row.name, row.what, row.device]) expect(words).toContain(part)
  await expectAccessible()
  get('held-release-0').click()
  await settle()
  await expectAccessible()
  get('held-dialog-confirm').click()
  await settle()
  expect(core.of('held_decide'), 'no decision without a reason').toEqual([])
  await type('held-dialog-reason', 'Jeg har talt med hende')
  get('held-dialog-confirm').click()
  await until(() => document.getElementById('held-empty') !== null, 'nothing waits')
  expect(core.of('held_decide')).toEqual([{ command: 'c-1', release: true, reason: 'Jeg har talt med hende' }])
  expect(get('held-outcome').textContent).toContain('lukket ind')
})

test('a list that is cut says so', async () => {
  const rows = [row, { ...row, command: 'c-3' }]
  await open(new RecordedCore({ start_state: lead, held_work: { rows, has_more: true, outcome: '' } }), { name: 'queue' })
  await until(() => document.getElementById('queue-held') !== null, 'the tab')
  get('queue-held').click()
  await until(() => document.getElementById('held-1') !== null, 'the held work')
  expect(get('held-more').textContent).toContain('de første 2')
  await expectAccessible()
})

test('without a line it says so, and who may not look has no tab', async () => {
  await open(new RecordedCore({ start_state: lead, held_work: () => { throw refusal('online_only') } }), { name: 'queue' })
  await until(() => document.getElementById('queue-held') !== null, 'the tab')
  get('queue-held').click()
  await until(() => document.getElementById('held-error') !== null, 'the reason')
  expect(get('held-error').textContent).toContain('forbindelse')
})

test('what was sent back stands on top with its reason, until it is dealt with', async () => {
  const { core } = await open(new RecordedCore({ worklist: { ...answers.worklist, returned: [returned] }, returned_done: [] }))
  await until(() => document.getElementById('returned') !== null, 'the returned work')
  const words = get('returned').textContent
  for (const part of [returned.citizen, returned.reason, returned.by, returned.held_for]) expect(words).toContain(part)
  await expectAccessible()
  get('returned-done-0').click()
  await until(() => document.getElementById('returned') === null, 'it to go')
  expect(core.of('returned_done')).toEqual([{ command: 'c-2' }])
})
