// The counter flow: saved as typed, errors that lead to their field, and words that stay true.
import { expect, test } from 'vitest'
import { answers, later, RecordedCore, refusal } from './recorded'
import { get, open, press, settle, type, until } from './page'
import { t } from '../src/lib/texts'

const draft = { name: 'counter', draft: answers.draft.id } as const
const atStep = (step: number, changes = {}) => new RecordedCore({ draft_open: { ...answers.draft, step }, ...changes })
const lastSaved = (core: RecordedCore) => core.of('draft_save').at(-1) as { step: number; fields: Record<string, unknown> }

test('a number and one key begin a draft that holds the number', async () => {
  const { core, desk } = await open()
  await type('new-cpr', '1806553985')
  get('start-citizen').click()
  await until(() => desk.router.route.name === 'counter', 'the flow')
  expect(lastSaved(core).fields.cpr).toBe('1806553985')
})

test('an unfinished number begins nothing and says why', async () => {
  const { core, desk } = await open()
  await type('new-cpr', '180655')
  get('start-citizen').click()
  await settle()
  expect(core.of('draft_new')).toEqual([])
  expect(desk.router.route.name).toBe('start')
  expect(document.querySelector('.form-error-message')?.textContent).toContain('10 cifre')
})

test('a number is masked as soon as it is no longer typed', async () => {
  await open()
  await type('new-cpr', '1806553985')
  expect(get<HTMLInputElement>('new-cpr').value).toBe('180655-3985')
  get('new-cpr').blur()
  await settle()
  expect(get<HTMLInputElement>('new-cpr').value).toBe('180655-••••')
})

test('what is typed is saved within a second, every character of it', async () => {
  const { core } = await open(atStep(4), draft)
  await until(() => document.getElementById('poa_signed_on') !== null, 'step 4')
  await type('poa_signed_on', '02.10.2026')
  const begin = Date.now()
  await until(() => lastSaved(core)?.fields.poa_signed_on === '2026-10-02', 'the saved date')
  expect(Date.now() - begin).toBeLessThan(1000)
})

test('the status line never says saved when it is not', async () => {
  const { desk } = await open(
    atStep(2, {
      draft_save: () => {
        throw refusal('disk_full')
      }
    }),
    draft
  )
  await until(() => document.getElementById('citizen_name') !== null, 'step 2')
  await type('citizen_name', 'x')
  await until(() => desk.saving.state === 'failed', 'the failure')
  expect(get('status-saved').textContent).toContain('Ikke gemt')
  expect(get('status-saved').textContent).toContain('Disken er fuld')
  expect(get<HTMLInputElement>('citizen_name').value).toContain('x')
})

test('errors stand on top, take focus and lead to their field', async () => {
  const problem = { field: 'declared', step: 4, code: 'must_be_confirmed', summary: 'Erklæringen er ikke bekræftet', at_field: 'Bekræft, at erklæringen er underskrevet' }
  const { core } = await open(atStep(4, { draft_check: { ...answers.check, problems: [problem] } }), draft)
  await until(() => document.getElementById('declared') !== null, 'step 4')
  press('Enter', { ctrl: true })
  await until(() => document.activeElement?.id === 'error-summary', 'focus on the summary')
  expect(get('declared-error').textContent).toBe(problem.at_field)
  get<HTMLAnchorElement>('error-summary').querySelector('a')?.click()
  expect(document.activeElement?.id).toBe('declared')
  expect(core.of('decide')).toEqual([])
})

test('going on asks the core and moves to the first question of the next step', async () => {
  const { core } = await open(atStep(3, { draft_check: { ...answers.check, problems: [] } }), draft)
  await until(() => document.getElementById('chose_help') !== null, 'step 3')
  press('Enter', { ctrl: true })
  await until(() => document.getElementById('declared') !== null, 'step 4')
  expect(core.of('draft_check').some((asked) => (asked as { step: number }).step === 3)).toBe(true)
  await until(() => document.activeElement?.id === 'representative_name', 'focus on the first field')
})

test('going on asks the core once, and the next step waits for neither its own save nor a look-up', async () => {
  const core = atStep(3, { draft_check: { ...answers.check, problems: [] } })
  await open(core, draft)
  await until(() => document.getElementById('chose_help') !== null, 'step 3')
  await settle()
  const before = core.of('draft_check').length
  const saving = later<never>()
  core.answers.draft_save = () => saving.answer
  press('Enter', { ctrl: true })
  await until(() => document.activeElement?.id === 'representative_name', 'focus on the first field of step 4')
  expect(core.of('draft_check').length).toBe(before + 1)
})

test('who may not decide and ticks help instead goes on, and is asked for no decision', async () => {
  const session = { ...answers.start_ready.session!, acts: answers.start_ready.session!.acts.filter((act) => act !== 'decide') }
  const fields = { ...answers.draft.fields, chose_help: true }
  const core = atStep(3, { start_state: { ...answers.start_ready, session }, draft_open: { ...answers.draft, step: 3, fields }, draft_check: { ...answers.check, problems: [] } })
  await open(core, draft)
  await until(() => document.getElementById('chose_help') !== null, 'step 3')
  expect(get('next').textContent).not.toContain(t('step.guidance.finish_helped'))
  press('Enter', { ctrl: true })
  await until(() => document.getElementById('declared') !== null, 'step 4')
  expect(document.getElementById('outcome-dialog')).toBeNull()
})

test('nothing known of the person is shown before the identity was seen', async () => {
  const fields = { ...answers.draft.fields, id_checked: false }
  await open(new RecordedCore({ draft_open: { ...answers.draft, step: 2, fields }, citizen_known: { ...answers.known, shown: false } }), draft)
  await until(() => document.getElementById('known') !== null, 'step 2')
  expect(get('known').textContent).toContain('Vises, når legitimation er set')
})

test('a grant asks for the conflict-of-interest check first', async () => {
  const granted = { ...answers.check, problems: [], proof: { ...answers.check.proof, outcome: 'met' } }
  const { core } = await open(atStep(5, { draft_check: granted, decide: answers.case }), draft)
  await until(() => document.getElementById('conflict_checked') !== null && !get<HTMLButtonElement>('next').disabled, 'step 5')
  press('Enter', { ctrl: true })
  await until(() => document.activeElement?.id === 'error-summary', 'the error')
  expect(core.of('decide')).toEqual([])
  get('conflict_checked').click()
  await settle()
  press('Enter', { ctrl: true })
  await until(() => core.of('decide').length === 1, 'the decision')
  expect(core.of('decide')[0]).toMatchObject({ decision: { kind: 'grant' }, no_conflict_of_interest: true })
})

test('a failed proof cannot be granted', async () => {
  const failed = { ...answers.check, problems: [], proof: { ...answers.check.proof, outcome: 'not_met' } }
  await open(atStep(5, { draft_check: failed }), draft)
  await until(() => document.getElementById('outcome') !== null, 'the proof')
  expect(get<HTMLButtonElement>('next').disabled).toBe(true)
})

test('parking keeps the draft and goes back to the start', async () => {
  const { core, desk } = await open(atStep(4), draft)
  await until(() => document.getElementById('declared') !== null, 'step 4')
  press('F8')
  await until(() => document.getElementById('park-confirm') !== null, 'the dialog')
  get('waits_for-interpreter').click()
  await settle()
  get('park-confirm').click()
  await until(() => desk.router.route.name === 'start', 'the start')
  expect(core.of('draft_delete')).toEqual([])
  expect(lastSaved(core).step).toBe(4)
})

test('a field the form hides is not on the page', async () => {
  const shown = answers.form.shown.filter((id: string) => id !== 'representative_name')
  await open(atStep(4, { form_view: { ...answers.form, shown } }), draft)
  await until(() => document.getElementById('declared') !== null, 'step 4')
  expect(document.getElementById('representative_name')).toBeNull()
})

test.each([
  [true, '2028-12-31'],
  [false, '1928-12-31']
])('a year of two digits in a day that is yet to come (%s) is the next one', async (coming, kept) => {
  const extra = { id: 'guardian_until', step: 2, part: 'request', label: 'Gælder til', help: '', kind: 'date', width: 120, rule: '', max_length: 0, coming, choices: [] }
  const form = { ...answers.form, fields: [...answers.form.fields, extra], shown: [...answers.form.shown, extra.id] }
  const { core } = await open(atStep(2, { form_view: form }), draft)
  await until(() => document.getElementById(extra.id) !== null, 'the new field')
  await type(extra.id, '31.12.28')
  await until(() => lastSaved(core)?.fields[extra.id] === kept, 'the day')
})

test('a new field in the form stands on its step without a change here', async () => {
  const extra = { id: 'interpreter', step: 2, part: 'request', label: 'Tolk', help: '', kind: 'text', width: 224, rule: '', max_length: 100, coming: false, choices: [] }
  const form = { ...answers.form, fields: [...answers.form.fields, extra], shown: [...answers.form.shown, 'interpreter'] }
  await open(atStep(2, { form_view: form }), draft)
  await until(() => document.getElementById('interpreter') !== null, 'the new field')
  expect(document.querySelector('label[for="interpreter"]')?.textContent).toContain('Tolk')
})

test('a parked draft says what it waits for, and the start screen shows it', async () => {
  const { core, desk } = await open(atStep(4), draft)
  await until(() => document.getElementById('declared') !== null, 'step 4')
  press('F8')
  await until(() => document.getElementById('park-confirm') !== null, 'the dialog')
  get('park-confirm').click()
  await settle()
  expect(desk.router.route.name).toBe('counter')
  expect(get('waits_for-error').textContent).toContain('Vælg ét af svarene')
  get('waits_for-citizen_left').click()
  await settle()
  const worklist = { ...answers.worklist, drafts: [{ ...answers.worklist.drafts[0]!, waits_for: 'citizen_left', waits_note: 'ringer i morgen' }] }
  core.answers.worklist = worklist
  get('park-confirm').click()
  await until(() => desk.router.route.name === 'start', 'the start')
  expect(lastSaved(core).fields.waits_for).toBe('citizen_left')
  await until(() => document.querySelector('[data-testid=draft-0]') !== null, 'the list')
  expect(document.querySelector('[data-testid=draft-0]')?.textContent).toContain('Borgeren er gået: ringer i morgen')
})

test('discarding can be undone on the start screen', async () => {
  const { core, desk } = await open(atStep(2, { draft_delete: { saved_at: '2026-11-21T06:00:00.000Z' }, draft_restore: answers.draft }), draft)
  await until(() => document.getElementById('phone') !== null, 'step 2')
  press('F8')
  await until(() => document.getElementById('discard') !== null, 'the dialog')
  get('discard').click()
  await settle()
  get('discard-confirm').click()
  await until(() => document.getElementById('undo-discard') !== null, 'the way back')
  get('undo-discard').click()
  await until(() => desk.router.route.name === 'counter', 'the draft')
  expect(core.of('draft_restore')).toEqual([{ id: answers.draft.id }])
  desk.router.go({ name: 'start' })
  await settle()
  expect(document.getElementById('undo-discard')).toBeNull()
})

test.each([2, 3, 4])('a request can end in another way from step %i on', async (step) => {
  const unmet = { ...answers.check, problems: [{ field: 'declared', step: 4, code: 'must_be_confirmed', summary: 'x', at_field: 'x' }] }
  const { core, desk } = await open(atStep(step, { draft_check: unmet, decide: answers.case }), draft)
  await until(() => document.getElementById('other-outcomes') !== null, 'the other ends')
  press('f', { alt: true })
  await until(() => document.getElementById('outcome-confirm') !== null, 'the dialog')
  get('outcome-confirm').click()
  await until(() => desk.router.route.name === 'case', 'the case')
  expect(core.of('decide')).toMatchObject([{ decision: { kind: 'withdraw' } }])
})

test('a death closes the draft without a decision, on the day that was told', async () => {
  const { core, desk } = await open(atStep(2, { decide: answers.case }), draft)
  await until(() => document.getElementById('other-outcomes') !== null, 'the other ends')
  press('d', { alt: true })
  await until(() => document.getElementById('died_on') !== null, 'the day of the death')
  get<HTMLInputElement>('died_on').value = ''
  await type('died_on', '99.99.2026')
  get('outcome-confirm').click()
  await until(() => document.getElementById('died_on-error') !== null, 'the fault at its field')
  expect(core.of('decide')).toEqual([])
  get<HTMLInputElement>('died_on').value = ''
  await type('died_on', '11.03.2026')
  get('outcome-confirm').click()
  await until(() => desk.router.route.name === 'case', 'the case')
  expect(core.of('decide')).toMatchObject([{ decision: { kind: 'died', died_on: '2026-03-11' } }])
})

test('a draft for one who turns 15 soon is parked until that day', async () => {
  const soon = { ...answers.check, warnings: ['turns_15_soon'], sign_up: { code: 'on_birthday', on: '2026-03-20', days: 7, open_on: '2026-03-20' } }
  const { core, desk } = await open(atStep(2, { draft_check: soon }), draft)
  await until(() => document.getElementById('sign-up') !== null, 'the day')
  press('F8')
  await until(() => document.getElementById('park-confirm') !== null, 'the dialog')
  expect(get<HTMLInputElement>('waits_for-turns_15').checked).toBe(true)
  get('park-confirm').click()
  await until(() => desk.router.route.name === 'start', 'the start')
  expect(lastSaved(core).fields).toMatchObject({ waits_for: 'turns_15', waits_note: '20.03.2026' })
})

test.each([
  ['', 'Lovhenvisning er ikke bekræftet endnu'],
  ['Prøveloven', 'efter datoen for afgørelsen. Prøveloven']
])('the panel tells a rule as its rule set says it, with the citation %j', async (citation, said) => {
  const rule = { code: 'decision', set: 'Regelsæt D', valid_from: '2030-01-01', goes_by: 'decision', text: 'Teksten', source: 'Kilden', citation }
  await open(atStep(5, { draft_check: { ...answers.check, rules: { guide: '', rules: [rule] } } }), draft)
  await until(() => document.body.textContent!.includes('Regelsæt D, fra 01.01.2030, efter datoen for afgørelsen'), 'the rule')
  for (const words of ['Teksten', 'Kilden', said]) expect(document.body.textContent).toContain(words)
})

test('a consultation that was held is told by its day', async () => {
  const { core } = await open(atStep(5, { decide: answers.case }), draft)
  await until(() => document.getElementById('outcome-refused') !== null, 'the outcomes')
  get('outcome-refused').click()
  await until(() => document.getElementById('reasons') !== null, 'the dialog')
  await type('reasons', 'Ikke omfattet')
  get('consultation-held').click()
  await until(() => document.getElementById('consultation_held_on') !== null, 'the day')
  await type('consultation_held_on', '11.03.2026')
  get('outcome_conflict_checked').click()
  await settle()
  get('outcome-confirm').click()
  await until(() => core.of('decide').length === 1, 'the decision')
  expect(core.of('decide')[0]).toMatchObject({ decision: { kind: 'refuse', consultation_held_on: '2026-03-11' } })
})

test('the reasons of a refusal are the writer\'s own and survive Esc and a crash', async () => {
  const { core } = await open(atStep(5), draft)
  await until(() => document.getElementById('outcome-refused') !== null, 'the outcomes')
  get('outcome-refused').click()
  await until(() => document.getElementById('reasons') !== null, 'the dialog')
  expect(get<HTMLInputElement>('consultation_not_needed').value).toBe('')
  await type('reasons', 'Ikke omfattet')
  get('outcome-cancel').click()
  await settle()
  get('outcome-refused').click()
  await until(() => document.getElementById('reasons') !== null, 'the dialog again')
  expect(get<HTMLTextAreaElement>('reasons').value).toBe('Ikke omfattet')
  await until(() => lastSaved(core)?.fields.outcome_refused_reasons === 'Ikke omfattet', 'kept with the draft')
})

test('fields the core will not have are marked', async () => {
  const granted = { ...answers.check, problems: [], proof: { ...answers.check.proof, outcome: 'met' } }
  const { core } = await open(
    atStep(5, {
      draft_check: granted,
      decide: () => {
        throw refusal('invalid_fields', { field: 'citizen_name', problem: 'too_long' })
      }
    }),
    draft
  )
  await until(() => document.getElementById('conflict_checked') !== null && !get<HTMLButtonElement>('next').disabled, 'step 5')
  get('conflict_checked').click()
  await settle()
  press('Enter', { ctrl: true })
  await until(() => document.getElementById('citizen_name-error') !== null, 'the marked field')
  expect(core.of('decide').length).toBe(1)
  expect(document.activeElement?.id).toBe('error-summary')
})
