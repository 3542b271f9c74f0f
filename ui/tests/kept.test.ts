// Nothing typed is lost and nothing comes under another person's number: slow answers, a full disk, the lock.
import { expect, test, vi } from 'vitest'
import type { KnownCitizen } from '../src/lib/api'
import { answers, later, RecordedCore, refusal } from './recorded'
import { get, open, press, settle, type, until } from './page'

const draft = { name: 'counter', draft: answers.draft.id } as const
const atStep = (step: number, changes = {}) => new RecordedCore({ draft_open: { ...answers.draft, step }, ...changes })
const saves = (core: RecordedCore) => core.of('draft_save') as { step: number; fields: Record<string, unknown> }[]
const nobodyYet = { ...answers.draft.fields, cpr: '', citizen_name: '', citizen_address: '', address_protected: false }
const knownAs = (name: string): KnownCitizen => ({ ...answers.known, shown: true, name, address: 'Ahornvej 3', address_protected: true })
const full = () => {
  throw refusal('disk_full')
}

test('a slow answer about one number never fills in another person', async () => {
  const slow = later<KnownCitizen>()
  const core = atStep(2, { draft_open: { ...answers.draft, step: 2, fields: nobodyYet }, citizen_known: () => slow.answer })
  await open(core, draft)
  await until(() => document.getElementById('cpr') !== null, 'step 2')
  await type('cpr', '0808463984')
  await until(() => core.of('citizen_known').length === 1, 'the look-up')
  get<HTMLInputElement>('cpr').value = ''
  core.answers.citizen_known = { ...answers.known, shown: true, name: '', address: '', address_protected: false }
  await type('cpr', '2304483984')
  slow.give(knownAs('Ragnhild Møller'))
  await settle()
  expect(get<HTMLInputElement>('citizen_name').value).toBe('')
  expect(get<HTMLInputElement>('address_protected').checked).toBe(false)
})

test('what one number filled in goes when the number changes; what was typed by hand stays', async () => {
  const core = atStep(2, { draft_open: { ...answers.draft, step: 2, fields: nobodyYet }, citizen_known: knownAs('Ragnhild Møller') })
  await open(core, draft)
  await until(() => document.getElementById('cpr') !== null, 'step 2')
  await type('phone', '70112233')
  await type('cpr', '0808463984')
  await until(() => get<HTMLInputElement>('citizen_name').value === 'Ragnhild Møller', 'the name')
  core.answers.citizen_known = { ...answers.known, shown: true, name: '', address: '', address_protected: false }
  get<HTMLInputElement>('cpr').value = ''
  await type('cpr', '2304483984')
  await until(() => saves(core).at(-1)?.fields.cpr === '2304483984', 'the other number')
  expect(get<HTMLInputElement>('citizen_name').value).toBe('')
  expect(get<HTMLInputElement>('address_protected').checked).toBe(false)
  expect(get<HTMLInputElement>('phone').value).toBe('70112233')
})

test('nothing is decided on an older draft while the newest could not be saved', async () => {
  const granted = { ...answers.check, problems: [], proof: { ...answers.check.proof, outcome: 'met' } }
  const { core } = await open(atStep(5, { draft_check: granted, decide: answers.case, draft_save: full }), draft)
  await until(() => document.getElementById('conflict_checked') !== null && !get<HTMLButtonElement>('next').disabled, 'step 5')
  get('conflict_checked').click()
  await settle()
  press('Enter', { ctrl: true })
  await until(() => document.getElementById('flow-error') !== null, 'why it stopped')
  expect(get('flow-error').textContent).toContain('Disken er fuld')
  expect(core.of('decide')).toEqual([])
})

test('a step is not left and no scan is attached while what was typed could not be saved', async () => {
  const { core } = await open(atStep(4, { draft_check: { ...answers.check, problems: [] }, draft_save: full }), draft)
  await until(() => document.getElementById('declared') !== null, 'step 4')
  get('declared').click()
  await settle()
  press('Enter', { ctrl: true })
  await until(() => document.getElementById('flow-error') !== null, 'why it stopped')
  expect(document.getElementById('declared')).not.toBeNull()
  get('attach-request').click()
  await until(() => document.getElementById('attach-error') !== null, 'why nothing is attached')
  expect(core.of('attach')).toEqual([])
})

test('a save that failed is tried again without another key', async () => {
  const core = atStep(2, { draft_save: full })
  const { desk } = await open(core, draft)
  await until(() => document.getElementById('phone') !== null, 'step 2')
  await type('phone', '7')
  await until(() => desk.saving.state === 'failed', 'the failure')
  core.answers.draft_save = { saved_at: '2026-11-21T06:00:00.000Z', shown: answers.form.shown, required: answers.form.required, id_seen: null }
  for (let wait = 0; wait < 50 && desk.saving.state !== 'saved'; wait++) await new Promise((resolve) => setTimeout(resolve, 100))
  expect(desk.saving.state).toBe('saved')
  expect(saves(core).at(-1)?.fields.phone).toBe('7')
})

test('a discarded draft is not written again', async () => {
  const core = atStep(2, { draft_delete: { saved_at: '2026-11-21T06:00:00.000Z' } })
  const { desk } = await open(core, draft)
  await until(() => document.getElementById('phone') !== null, 'step 2')
  await type('phone', '7')
  press('F8')
  await until(() => document.getElementById('discard') !== null, 'the dialog')
  get('discard').click()
  await settle()
  get('discard-confirm').click()
  await until(() => desk.router.route.name === 'start', 'the start')
  const names = core.asked.map((asked) => asked.name)
  expect(names.lastIndexOf('draft_save')).toBeLessThan(names.indexOf('draft_delete'))
})

test('what was typed when the core locked is on the page after unlocking, and saved', async () => {
  const core = atStep(2)
  const { desk } = await open(core, draft)
  await until(() => document.getElementById('phone') !== null, 'step 2')
  const saved = core.answers.draft_save
  core.answers.draft_save = () => {
    throw refusal('session_locked')
  }
  core.answers.start_state = { ...answers.start_ready, stage: 'locked' }
  await type('phone', '70112233')
  await until(() => desk.stage === 'locked', 'the lock')
  expect(document.body.textContent).toContain('ikke gemt')
  core.answers.draft_save = saved
  core.answers.start_state = answers.start_ready
  core.answers.session_unlock = answers.start_ready.session!
  await type('password', 'x')
  get('sign-in').click()
  await until(() => document.getElementById('phone') !== null, 'step 2 again')
  expect(get<HTMLInputElement>('phone').value).toBe('70112233')
  await until(() => saves(core).at(-1)?.fields.phone === '70112233' && desk.saving.state === 'saved', 'the saved number')
})

test('behind a lock that asks for the PIN nobody is known, and what was typed is there after PIN and password', async () => {
  const core = new RecordedCore()
  const { desk } = await open(core, { name: 'case', case: answers.case.row.id })
  await type('note', 'Ring torsdag')
  const closed = { ...answers.start_ready, session: null, stage: 'pin' as const }
  core.answers.start_state = closed
  await desk.lock()
  await until(() => document.getElementById('pin_code') !== null, 'the PIN')
  core.answers.pin_open = closed
  core.answers.start_state = { ...answers.start_ready, stage: 'locked' }
  await type('pin_code', '714205')
  get('sign-in').click()
  await until(() => document.getElementById('password') !== null, 'the password')
  core.answers.session_unlock = answers.start_ready.session!
  core.answers.start_state = answers.start_ready
  await type('password', 'x')
  get('sign-in').click()
  await until(() => document.getElementById('note') !== null, 'the case')
  expect(get<HTMLTextAreaElement>('note').value).toBe('Ring torsdag')
})

test('the lock says that everything is saved when it is', async () => {
  const { desk } = await open(atStep(2), draft)
  await until(() => document.getElementById('phone') !== null, 'step 2')
  await desk.lock()
  desk.enter({ ...answers.start_ready, stage: 'locked' })
  await settle()
  expect(document.body.textContent).toContain('Det, du skrev, er gemt')
})

test('half a minute before the lock the window says so, and one key stays', async () => {
  vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval'] })
  try {
    const session = { ...answers.start_ready.session!, lock_after_seconds: 300 }
    const core = new RecordedCore({ start_state: { ...answers.start_ready, session }, session_stay: null })
    const { desk } = await open(core)
    vi.advanceTimersByTime(268_000)
    await settle()
    expect(document.getElementById('lock-soon')).toBeNull()
    vi.advanceTimersByTime(4_000)
    await until(() => document.getElementById('lock-soon') !== null, 'the notice')
    expect(get('lock-soon').textContent).toContain('Skærmen låses om')
    get('stay').click()
    await settle()
    expect(document.getElementById('lock-soon')).toBeNull()
    expect(core.of('session_stay').length).toBeGreaterThan(0)
    vi.advanceTimersByTime(200_000)
    await settle()
    expect(core.of('session_lock')).toEqual([])
    vi.advanceTimersByTime(110_000)
    await until(() => core.of('session_lock').length === 1, 'the lock')
    expect(desk.stage).not.toBeNull()
  } finally {
    vi.useRealTimers()
  }
})

test('a protected address stands behind a logged click, and saving does not send it back', async () => {
  const { citizen_address: _, ...open_fields } = answers.draft.fields
  const hidden = { ...answers.draft, step: 2, fields: { ...open_fields, address_protected: true }, address_hidden: true }
  const core = new RecordedCore({ draft_open: hidden, draft_reveal: { text: 'Jernbanegade 21' }, draft_check: { ...answers.check, problems: [] } })
  await open(core, draft)
  await until(() => document.getElementById('reveal-address') !== null, 'the masked address')
  await type('phone', '7')
  await until(() => saves(core).at(-1)?.fields.phone === '7', 'the save')
  expect('citizen_address' in saves(core).at(-1)!.fields).toBe(false)
  get('reveal-address').click()
  await until(() => get<HTMLTextAreaElement>('citizen_address').value === 'Jernbanegade 21', 'the address')
  expect(core.of('draft_reveal')).toEqual([{ id: answers.draft.id }])
  press('Enter', { ctrl: true })
  await until(() => document.getElementById('chose_help') !== null, 'step 3')
  press('ArrowLeft', { alt: true })
  await until(() => document.getElementById('reveal-address') !== null, 'masked again')
  expect(document.body.innerHTML).not.toContain('Jernbanegade')
})

test('a note is kept as it is typed and is there in the next window', async () => {
  const place = `${answers.case.row.id}/note`
  const { core } = await open(new RecordedCore(), { name: 'case', case: answers.case.row.id })
  await until(() => document.getElementById('note') !== null, 'the case')
  await type('note', 'Ring')
  await until(() => core.of('typed_keep').length > 0, 'the save')
  expect(core.of('typed_keep').at(-1)).toEqual({ place, text: 'Ring' })
  get('note').closest('form')!.requestSubmit()
  await until(() => (core.of('typed_keep').at(-1) as { text: string }).text === '', 'nothing to keep once it is handed in')
})

test('a note from before a crash stands in its field again', async () => {
  const place = `${answers.case.row.id}/note`
  await open(new RecordedCore({ typed_kept: [{ place, text: 'Ring efter klokken ti' }] }), { name: 'case', case: answers.case.row.id })
  await until(() => document.getElementById('note') !== null, 'the case')
  await until(() => get<HTMLTextAreaElement>('note').value === 'Ring efter klokken ti', 'the note')
})

test('the lock does not say that a note is kept which the disk did not take', async () => {
  const { core, desk } = await open(new RecordedCore({ typed_keep: full }), { name: 'case', case: answers.case.row.id })
  await until(() => document.getElementById('note') !== null, 'the case')
  await type('note', 'Ring')
  core.answers.start_state = { ...answers.start_ready, stage: 'locked' }
  await desk.lock()
  await until(() => document.getElementById('password') !== null, 'the lock')
  expect(document.body.textContent).toContain('ikke gemt')
})

test('a known protected address stands behind the click that shows it, and goes with its number', async () => {
  const hidden: KnownCitizen = { ...knownAs('Grethe Poulsen'), address: '', address_hidden: true }
  const core = atStep(2, {
    draft_open: { ...answers.draft, step: 2, fields: nobodyYet, address_hidden: false },
    citizen_known: hidden, draft_reveal: { text: 'Jernbanegade 21' }
  })
  await open(core, draft)
  await until(() => document.getElementById('cpr') !== null, 'step 2')
  await type('cpr', '1604483984')
  await until(() => document.getElementById('reveal-address') !== null, 'the click')
  await until(() => !('citizen_address' in (saves(core).at(-1)?.fields ?? { citizen_address: '' })), 'an address that is left to the core')
  get('reveal-address').click()
  await until(() => document.querySelector<HTMLTextAreaElement>('textarea#citizen_address')?.value === 'Jernbanegade 21', 'the address')
  expect(core.of('draft_reveal')).toHaveLength(1)
  core.answers.citizen_known = { ...answers.known, shown: true, name: '', address: '', address_protected: false }
  get<HTMLInputElement>('cpr').value = ''
  await type('cpr', '2304483984')
  await until(() => saves(core).at(-1)?.fields.cpr === '2304483984', 'the other number')
  expect(saves(core).at(-1)?.fields.citizen_address).toBe('')
})
