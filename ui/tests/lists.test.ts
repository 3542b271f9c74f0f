// Lists and forms beside the flow: the newest question is answered, and what the core names is marked.
import { expect, test } from 'vitest'
import type { CaseListRequest, CasePage } from '../src/lib/api'
import { answers, later, onTheLine, RecordedCore, refusal } from './recorded'
import { get, open, press, settle, type, until } from './page'

const page = (name: string, next: string | null = null, id = answers.case.row.id): CasePage => ({ rows: [{ ...answers.case.row, id, name }], next, total: 2, not_shown: 0, own_only: false })
const listed = () => document.body.textContent ?? ''

function choose(id: string, value: string): void {
  const select = get<HTMLSelectElement>(id)
  select.value = value
  select.dispatchEvent(new Event('change', { bubbles: true }))
}

test('an older slow answer does not stand under the new filter', async () => {
  const slow = later<CasePage>()
  const core = new RecordedCore()
  const { desk } = await open(core, { name: 'cases' })
  await until(() => document.querySelector('[data-testid="case-row-0"]') !== null, 'the cases')
  core.answers.case_list = () => slow.answer
  choose('case-filter', 'refused')
  core.answers.case_list = page('Bodil Aagaard')
  choose('case-filter', 'granted')
  await until(() => listed().includes('Bodil Aagaard'), 'the newest answer')
  slow.give(page('Ejnar Thorup'))
  await settle()
  expect(listed()).not.toContain('Ejnar Thorup')

  const slowQueue = later<CasePage>()
  core.answers.case_list = () => slowQueue.answer
  desk.router.go({ name: 'queue' })
  await settle()
  core.answers.case_list = page('Bodil Aagaard')
  get('queue-incomplete').click()
  await until(() => listed().includes('Bodil Aagaard'), 'the newest answer')
  slowQueue.give(page('Ejnar Thorup'))
  await settle()
  expect(listed()).not.toContain('Ejnar Thorup')
})

test('what is asked while the first list is on its way is not lost', async () => {
  const first = later<CasePage>()
  const core = new RecordedCore({ case_list: ({ query }: CaseListRequest) => (query ? page('Bodil Aagaard') : first.answer) })
  await open(core, { name: 'cases' })
  await until(() => document.getElementById('case-search') !== null, 'the field')
  await type('case-search', 'Aagaard')
  // Enter in a field presses the form's button.
  get('search').click()
  await until(() => listed().includes('Bodil Aagaard'), 'the answer')
  first.give(page('Ejnar Thorup'))
  await settle()
  expect(listed()).not.toContain('Ejnar Thorup')
})

test('showing more goes on with the question it began with', async () => {
  const more = page('Ejnar Thorup', null, '00000000-0000-7000-8000-00000000ffff')
  const core = new RecordedCore({ case_list: ({ after }: CaseListRequest) => (after ? more : page('Bodil Aagaard', 'cursor')) })
  await open(core, { name: 'cases' })
  await until(() => document.getElementById('more-cases') !== null, 'the button')
  await type('case-search', 'Thorup')
  get('more-cases').click()
  await settle()
  expect(core.of('case_list').at(-1)).toMatchObject({ query: '', filter: 'open', after: 'cursor' })
  expect(listed()).toContain('Ejnar Thorup')
})

test('the field of an account the core will not have is marked', async () => {
  const core = new RecordedCore({
    start_state: answers.start_administrator,
    staff_save: () => {
      throw refusal('user_name_taken')
    }
  })
  await open(core, { name: 'settings' })
  await until(() => document.getElementById('staff-karin') !== null, 'the accounts')
  get('staff-karin').click()
  await until(() => document.getElementById('staff-save') !== null, 'the dialog')
  get('staff-save').click()
  await until(() => document.getElementById('staff_user-error') !== null, 'the marked field')
  core.answers.staff_save = () => {
    throw refusal('invalid_fields', { field: 'initials' })
  }
  get('staff-save').click()
  await until(() => document.getElementById('staff_initials-error') !== null, 'the marked field')
  expect(document.getElementById('staff_user-error')).toBeNull()
})

test('what the register says is never chosen beforehand', async () => {
  const { core } = await open(new RecordedCore({ case_show: { ...answers.case, exempt: true, actions: [...answers.case.actions, 'register_look'] } }), { name: 'case', case: answers.case.row.id })
  await until(() => document.getElementById('reprint') !== null, 'the case')
  get('reprint').click()
  await until(() => document.getElementById('look-dialog') !== null, 'the question')
  expect(document.querySelector('#look-dialog input:checked')).toBeNull()
  expect(get<HTMLButtonElement>('look-confirm').disabled).toBe(true)
  get('look-not_exempt').click()
  await settle()
  expect(get<HTMLButtonElement>('look-confirm').disabled).toBe(false)
  expect(core.of('register_look')).toEqual([])
})

test('a note survives the lock of the screen', async () => {
  const core = new RecordedCore({ session_unlock: answers.start_ready.session! })
  const { desk } = await open(core, { name: 'case', case: answers.case.row.id })
  await until(() => document.getElementById('note') !== null, 'the case')
  await type('note', 'Borgeren ringer')
  core.answers.start_state = { ...answers.start_ready, stage: 'locked' }
  await desk.lock()
  await until(() => document.getElementById('password') !== null, 'the lock')
  core.answers.start_state = answers.start_ready
  await type('password', 'x')
  get('sign-in').click()
  await until(() => document.getElementById('note') !== null, 'the case again')
  expect(get<HTMLTextAreaElement>('note').value).toBe('Borgeren ringer')
  core.answers.start_state = answers.start_sign_in
  await desk.signOut()
  expect(desk.typed.of(`${answers.case.row.id}/note`)).toBe('')
})

test('a list that leaves cases out says how many, and one key asks for them all', async () => {
  const none: CasePage = { rows: [], next: null, total: 0, not_shown: 5, own_only: false }
  const core = new RecordedCore({
    case_list: ({ filter, purpose }) => {
      if (filter === 'all' && !purpose) throw refusal('purpose_missing')
      return filter === 'all' ? { ...page('Bodil Aagaard'), not_shown: 0 } : none
    }
  })
  await open(core, { name: 'cases' })
  await until(() => document.getElementById('not-shown') !== null, 'how many are left out')
  expect(get('not-shown').textContent).toContain('5 andre sager vises ikke')
  expect(get('cases-empty').textContent).toContain('Tryk Alt A')
  press('a', { alt: true })
  await until(() => document.getElementById('purpose-dialog') !== null, 'the question why')
  get('purpose-cancel').click()
  await settle()
  expect(get<HTMLSelectElement>('case-filter').value).toBe('open')
  press('a', { alt: true })
  await until(() => document.getElementById('purpose-dialog') !== null, 'the question why, again')
  get('purpose-confirm').click()
  await until(() => listed().includes('Bodil Aagaard'), 'every case')
  expect(document.getElementById('not-shown')).toBeNull()
})

test('a list passed with the arrow keys asks nothing until one stays at it', async () => {
  const core = new RecordedCore({
    case_list: ({ filter, purpose }) => {
      if (filter === 'refused' && !purpose) throw refusal('purpose_missing')
      return page(filter === 'granted' ? 'Bodil Aagaard' : 'Aase Lindholm')
    }
  })
  await open(core, { name: 'cases' })
  const arrowTo = async (list: string) => {
    get('case-filter').focus()
    press('ArrowDown')
    choose('case-filter', list)
    await settle()
  }
  await arrowTo('refused')
  expect(document.getElementById('purpose-dialog')).toBeNull()
  expect(get('case-waits').textContent).toContain('Enter')
  await arrowTo('granted')
  expect(document.getElementById('purpose-dialog')).toBeNull()
  await until(() => listed().includes('Bodil Aagaard'), 'the list that needs no purpose')
  expect(get('case-waits').textContent).toBe('')
  await arrowTo('refused')
  press('Enter')
  await until(() => document.getElementById('purpose-dialog') !== null, 'the question why')
  get('purpose-cancel').click()
  await settle()
  await arrowTo('refused')
  get('case-filter').blur()
  await until(() => document.getElementById('purpose-dialog') !== null, 'the question why of who goes on')
})

test('own open cases found without a purpose say that there may be others', async () => {
  const core = new RecordedCore({ case_list: { ...page('Bodil Aagaard'), own_only: true } })
  await open(core, { name: 'cases' })
  await until(() => document.getElementById('own-only') !== null, 'that these are own cases')
  get('search-all').click()
  await until(() => document.getElementById('purpose-dialog') !== null, 'the question why')
})

test('a reason survives Esc', async () => {
  await open(new RecordedCore(), { name: 'case', case: answers.case.row.id })
  await until(() => document.getElementById('correct-wrong-person') !== null, 'the case')
  get('correct-wrong-person').click()
  await until(() => document.getElementById('correct-reason') !== null, 'the dialog')
  await type('correct-reason', 'Forkert borger')
  get('correct-cancel').click()
  await settle()
  get('correct-wrong-person').click()
  await until(() => document.getElementById('correct-reason') !== null, 'the dialog again')
  expect(get<HTMLTextAreaElement>('correct-reason').value).toBe('Forkert borger')
})

const step6 = { name: 'finish', case: answers.case.row.id } as const
const unregistered = {
  ...answers.case, exempt: false, actions: ['tick_registered', 'tick_journalised', 'undo', 'note'], papers_possible: ['interim_paper'],
  ticks: answers.case.ticks.map((tick) => ({ ...tick, at: '', initials: '', detail: '', due: true }))
}

test('row_2_03_the_registration takes the municipality\'s own number and its true time', async () => {
  const core = new RecordedCore({ case_show: unregistered, tick: answers.case })
  await open(core, step6)
  await until(() => document.getElementById('details-registered') !== null, 'step 6')
  get('details-registered').click()
  await until(() => document.getElementById('tick-confirm') !== null, 'the dialog')
  await type('tick_reference', '2026-1234')
  get<HTMLInputElement>('tick_day').value = ''
  await type('tick_day', '20.11.2026')
  get<HTMLInputElement>('tick_time').value = ''
  await type('tick_time', '9.05')
  get('tick-confirm').click()
  await until(() => core.of('tick').length === 1, 'the tick')
  expect(core.of('tick')[0]).toMatchObject({ tick: 'registered', reference: '2026-1234', registered_at: '2026-11-20T08:05:00.000Z' })
})

test('a tick proposes the time the core tells, whatever this computer\'s clock says', async () => {
  const sync_status = { ...onTheLine, now: '2031-05-05T22:14:00.000Z' }
  const core = new RecordedCore({ case_show: unregistered, tick: answers.case, sync_status })
  await open(core, step6)
  await until(() => document.getElementById('status-day')?.dataset.day === '2031-05-06', 'the core\'s day')
  get('details-registered').click()
  await until(() => document.getElementById('tick-confirm') !== null, 'the dialog')
  expect([get<HTMLInputElement>('tick_day').value, get<HTMLInputElement>('tick_time').value]).toEqual(['06.05.2031', '00.14'])
  get('tick-confirm').click()
  await until(() => core.of('tick').length === 1, 'the tick')
  expect(core.of('tick')[0]).toMatchObject({ registered_at: null })
})

test('the paper at the side follows every tick that is made or undone', async () => {
  const core = new RecordedCore({ case_show: { ...answers.case, actions: [...answers.case.actions, 'undo'] }, tick_undo: unregistered })
  await open(core, step6)
  await until(() => core.of('paper_preview').length > 0, 'the paper')
  get('undo-registered').click()
  await until(() => document.getElementById('undo-dialog-reason') !== null, 'the question why')
  await type('undo-dialog-reason', 'x')
  get('undo-dialog-confirm').click()
  await until(() => (core.of('paper_preview').at(-1) as { kind: string }).kind === 'interim_paper', 'the interim paper')
})

test('step 6 can be handed to the exemption unit, and the interim paper comes up', async () => {
  const core = new RecordedCore({ case_show: unregistered, note_add: { ...unregistered, papers_possible: ['exemption_receipt', 'interim_paper'] } })
  await open(core, step6)
  await until(() => document.getElementById('hand-to-unit') !== null, 'step 6')
  get('hand-to-unit').click()
  await until(() => core.of('note_add').length === 1, 'the note')
  await until(() => (core.of('paper_preview').at(-1) as { kind: string }).kind === 'interim_paper', 'the interim paper')
})

const printer = { name: 'Skranke 1', default: false, ready: true }
const paperView = { pdf_base64: '', number: 'S3-2026-00001', pages: 1, copy: 0, uncovered: [], file_name: 'kvittering.pdf', enclosure: '' }

test('a paper that did not come out is asked about, and another printer can be chosen', async () => {
  const core = new RecordedCore({
    printers: [{ ...printer, default: true }, { ...printer, name: 'Bagkontor', ready: false }], paper_preview: paperView,
    paper_print: { done: true, number: 'S3-2026-00001', copy: 0, file: null }, paper_came_out: null
  })
  await open(core, step6)
  await until(() => document.getElementById('print') !== null && !get<HTMLButtonElement>('print').disabled, 'the paper')
  expect(get('printer').textContent).toContain('Bagkontor (ikke klar)')
  get('print').click()
  await until(() => document.getElementById('not-out') !== null, 'the question')
  expect(get('print-check').textContent).toContain('Kom papiret ud?')
  get('not-out').click()
  await until(() => document.getElementById('print-lost') !== null, 'what to do now')
  expect(core.of('paper_came_out')).toEqual([{ came_out: false }])
  get('print').click()
  await until(() => document.getElementById('came-out') !== null, 'the question again')
  get('came-out').click()
  await until(() => core.of('paper_came_out').length === 2 && document.getElementById('print-check') === null, 'the answer')
  expect(core.of('paper_came_out').at(-1)).toEqual({ came_out: true })
})

test('in the dialog whoever answered that it came out stands at what closes it', async () => {
  const papers = { printers: [{ ...printer, default: true }], paper_preview: paperView, paper_print: { done: true, number: 'S3-2026-00001', copy: 0, file: null }, paper_came_out: null }
  const row = { ...answers.case, exempt: false, papers_possible: ['refusal'] }
  await open(new RecordedCore({ case_show: row, ...papers }), { name: 'case', case: answers.case.row.id })
  await until(() => document.getElementById('paper-refusal') !== null, 'the case')
  get('paper-refusal').click()
  await until(() => !get<HTMLButtonElement>('print').disabled, 'the letter')
  get('print').click()
  await until(() => document.activeElement?.id === 'came-out', 'the question')
  get('came-out').click()
  await until(() => document.activeElement?.id === 'paper-dialog-close', 'the way out')
})

test('without a default printer none is chosen in silence', async () => {
  const core = new RecordedCore({ printers: [printer], paper_preview: paperView, paper_print: { done: true, number: 'S3-2026-00001', copy: 0, file: null } })
  await open(core, step6)
  await until(() => document.getElementById('printer') !== null && !get<HTMLButtonElement>('print').disabled, 'the choice')
  get('print').click()
  await until(() => document.getElementById('printer-error') !== null, 'the question')
  expect(core.of('paper_print')).toEqual([])
  choose('printer', 'Skranke 1')
  await settle()
  get('print').click()
  await until(() => core.of('paper_print').length === 1, 'the print')
  expect(core.of('paper_print')[0]).toMatchObject({ printer: 'Skranke 1' })
})

test('a saved paper is called by the name one chose for it', async () => {
  const core = new RecordedCore({ printers: [printer], paper_preview: paperView, paper_save: { done: true, number: 'S3-2026-00001', copy: 0, file: 'til arkivet.pdf' } })
  await open(core, step6)
  await until(() => document.getElementById('save-pdf') !== null && !get<HTMLButtonElement>('save-pdf').disabled, 'the button')
  get('save-pdf').click()
  await until(() => document.body.textContent?.includes('Gemt som til arkivet.pdf') === true, 'the name')
})

test.each([
  { act: 'take_back', opens: 'take-back', confirms: 'take-back-confirm', box: 'take-back-removed' },
  { act: 'correct_wrong_person', opens: 'correct-wrong-person', confirms: 'correct-confirm', box: 'correct-removed' }
] as const)('$act asks about the register too where a colleague registered it meanwhile', async ({ act, opens, confirms, box }) => {
  const refused = () => { throw refusal('still_in_register') }
  const seen = { ...unregistered, actions: [...unregistered.actions, act] }
  const core = new RecordedCore({ case_show: seen, take_back: refused, correct_wrong_person: refused })
  await open(core, { name: 'case', case: answers.case.row.id })
  await until(() => document.getElementById(opens) !== null, 'the case')
  get(opens).click()
  await until(() => document.getElementById(confirms) !== null, 'the dialog')
  expect(document.getElementById(box)).toBeNull()
  await type(act === 'take_back' ? 'take-back-reasons' : 'correct-reason', 'En forveksling')
  if (act === 'take_back') {
    await type('take-back-held', '20.11.2026')
    get('take-back-conflict').click()
  }
  get(confirms).click()
  await until(() => document.getElementById(box) !== null, 'the question')
  get(box).click()
  get(confirms).click()
  await until(() => core.of(act).length === 2, 'the second try')
  expect(core.of(act)[1]).toMatchObject({ removed_from_register: true })
})
