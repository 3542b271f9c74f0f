// What is typed into a dialog is there again after Esc and in the next window, until it is handed in.
import { expect, test } from 'vitest'
import { answers, RecordedCore } from './recorded'
import { edit, profile } from './profile'
import { get, open, press, settle, type, until } from './page'

const kept = (core: RecordedCore) => core.of('typed_keep').at(-1) as { place: string; text: string } | undefined

test('the reason of revoking a power of attorney', async () => {
  const view = { ...answers.case, actions: ['revoke_power_of_attorney'] }
  const core = new RecordedCore({ case_show: view, revoke_power_of_attorney: view })
  await open(core, { name: 'case', case: view.row.id, purpose: 'case_work' })
  await until(() => document.getElementById('revoke') !== null, 'the button')
  get('revoke').click()
  await until(() => document.getElementById('revoke-reason') !== null, 'the reason')
  await type('revoke-reason', 'Uenige')
  get('end-cancel').click()
  await settle()
  get('revoke').click()
  await until(() => document.getElementById('revoke-reason') !== null, 'the reason again')
  expect(get<HTMLInputElement>('revoke-reason').value).toBe('Uenige')
  await until(() => kept(core)?.text === 'Uenige', 'it is kept')
  get('end-confirm').click()
  await until(() => kept(core)?.text === '', 'nothing to keep once it is handed in')
  expect(core.of('revoke_power_of_attorney')).toMatchObject([{ reason: 'Uenige' }])
})

const draft = { name: 'counter', draft: answers.draft.id } as const
const step2 = (changes = {}) => new RecordedCore({ draft_open: { ...answers.draft, step: 2 }, ...changes })
async function park(): Promise<void> {
  press('F8')
  await until(() => document.getElementById('waits_note') !== null, 'the dialog')
}

test('the note of a parking', async () => {
  const core = step2()
  await open(core, draft)
  await until(() => document.getElementById('phone') !== null, 'step 2')
  await park()
  await type('waits_note', 'Ringer')
  get('park-cancel').click()
  await settle()
  await park()
  expect(get<HTMLInputElement>('waits_note').value).toBe('Ringer')
  await until(() => kept(core)?.text === 'Ringer', 'it is kept')
  get('waits_for-citizen_left').click()
  get('park-confirm').click()
  await until(() => kept(core)?.text === '', 'nothing to keep once it is parked')
  expect(core.of('draft_save').at(-1)).toMatchObject({ fields: { waits_note: 'Ringer' } })
})

test('the note of a parking, from before a crash, and it goes with its draft', async () => {
  const place = `${answers.draft.id}/park`
  const core = step2({ typed_kept: [{ place, text: 'Ringer' }], draft_delete: { saved_at: '2026-11-21T06:00:00.000Z' } })
  await open(core, draft)
  await until(() => document.getElementById('phone') !== null, 'step 2')
  await park()
  expect(get<HTMLInputElement>('waits_note').value).toBe('Ringer')
  get('discard').click()
  await settle()
  get('discard-confirm').click()
  await until(() => kept(core)?.place === place && kept(core)?.text === '', 'it goes')
})

test('the reason of an edit of the municipality\'s set-up', async () => {
  const saved = { ...profile, edition: 2, version: '2', edit: { ...edit, unit: 'BS' } }
  const core = new RecordedCore({
    start_state: answers.start_administrator, profile_show: profile, profile_save: saved,
    profile_check: { problems: [], changes: [{ label: 'Enhed', before: '', after: 'BS' }] }
  })
  const { desk } = await open(core, { name: 'profile' })
  const review = async () => {
    await until(() => document.getElementById('profile-check') !== null, 'the set-up')
    get('profile-check').click()
    await until(() => document.getElementById('profile-reason') !== null, 'the reason')
  }
  await until(() => document.getElementById('profile-unit') !== null, 'the set-up')
  await type('profile-unit', 'BS')
  await review()
  await type('profile-reason', 'Ny enhed')
  await until(() => core.of('typed_keep').some((asked) => (asked as { text: string }).text === 'Ny enhed'), 'it is kept')
  desk.router.go({ name: 'settings' })
  await settle()
  desk.router.go({ name: 'profile' })
  await review()
  expect(get<HTMLTextAreaElement>('profile-reason').value).toBe('Ny enhed')
  get('profile-save').click()
  await until(() => core.of('profile_save').length === 1, 'the next version')
  expect(core.of('profile_save')).toMatchObject([{ reason: 'Ny enhed' }])
  await until(() => desk.typed.of('profile-reason') === '', 'nothing to keep once it is saved')
})
