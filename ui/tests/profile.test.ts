// The history of the municipality's set-up, after the server was restored.
import { expect, test } from 'vitest'
import type { EditionView } from '../src/lib/api'
import { answers, RecordedCore } from './recorded'
import { expectAccessible, get, open, until } from './page'
import { edit, profile } from './profile'

const made = (version: Partial<EditionView>): EditionView => ({
  edition: 1, digest: 'd1', lost: false, version: '1.1', made_at: '2026-11-21T06:00:00.000Z', initials: 'AK', reason: 'Ny aftale', ...version
})
const restored = {
  ...profile,
  version: '1.1',
  history: [
    made({}),
    made({ digest: 'a1', lost: true, initials: 'BL', reason: 'Nyt nummer' }),
    made({ edition: 0, digest: '', version: '1', made_at: '', initials: '', reason: '' })
  ]
}

test('a version that was lost is marked, stands beside the one in its place, and its fields can be fetched', async () => {
  const lost = { ...edit, unit: 'Tabt' }
  const core = new RecordedCore({
    start_state: answers.start_administrator, profile_show: restored, profile_edition: lost,
    profile_check: { problems: [], changes: [{ label: 'Enhed', before: '', after: 'Tabt' }] }
  })
  await open(core, { name: 'profile' })
  await until(() => document.getElementById('profile-lost-1') !== null, 'the lost version')
  const [standing, gone, released] = [...get('profile-history').querySelectorAll('tbody tr')].map((row) => row.textContent ?? '')
  expect(standing).toContain('Version i brug')
  expect(standing).not.toContain('Gik tabt')
  expect(gone).toContain('1.1 (tabt)')
  expect(gone).toContain('Gik tabt, da kommunens server blev gendannet. Gælder ikke')
  expect(released).toContain('Fulgte med Skranke')
  await expectAccessible()

  get('profile-lost-1').click()
  await until(() => core.of('profile_check').length === 1, 'what it would change')
  expect(core.of('profile_edition')).toMatchObject([{ edition: 1, digest: 'a1' }])
  // It goes on top of the version in use, and is saved like any edit.
  expect(core.of('profile_check')).toMatchObject([{ based_on: 1, digest: 'd1', edit: { unit: 'Tabt' } }])
})

test('an edit that an earlier program kept is built on what has its number', async () => {
  const kept = JSON.stringify({ based_on: 1, edit: { ...edit, unit: 'BS' } })
  const core = new RecordedCore({
    start_state: answers.start_administrator, profile_show: restored, typed_kept: [{ place: 'profile', text: kept }],
    profile_check: { problems: [], changes: [] }
  })
  await open(core, { name: 'profile' })
  await until(() => document.getElementById('profile-unit') !== null, 'the set-up')
  get('profile-check').click()
  await until(() => core.of('profile_check').length === 1, 'the check')
  expect(core.of('profile_check')).toMatchObject([{ based_on: 1, digest: '', edit: { unit: 'BS' } }])
})
