// Dialogs by key: Ctrl Enter and Enter confirm, Esc leaves, and nothing behind them acts meanwhile.
import { expect, test } from 'vitest'
import { answers, RecordedCore, refusal } from './recorded'
import { get, open, press, settle, type, until } from './page'

const paperView = { pdf_base64: '', number: 'S3-2026-00001', pages: 1, copy: 0, uncovered: [], file_name: 'blanket.pdf', enclosure: '' }

async function staffDialog() {
  const core = new RecordedCore({ start_state: answers.start_administrator, staff_save: answers.staff })
  await open(core, { name: 'settings' })
  await until(() => document.getElementById('staff-karin') !== null, 'the accounts')
  get('staff-karin').click()
  await until(() => document.getElementById('staff-dialog') !== null, 'the dialog')
  return core
}

test.each([
  ['Ctrl Enter in any field', 'role-lead', { ctrl: true }],
  ['Enter in a field of one line', 'staff_name', {}]
])('%s confirms', async (_, field, held) => {
  const core = await staffDialog()
  get(field).focus()
  press('Enter', held)
  await until(() => core.of('staff_save').length === 1, 'the saved account')
  expect(core.of('staff_save')[0]).toMatchObject({ user_name: 'karin' })
})

test('a key that was held before the dialog came does not answer it', async () => {
  const core = await staffDialog()
  get('staff_name').focus()
  expect(press('Enter', { repeat: true }).defaultPrevented).toBe(true)
  expect(press('Enter', { ctrl: true, repeat: true }).defaultPrevented).toBe(true)
  await settle()
  expect(core.of('staff_save')).toEqual([])
})

test('Ctrl Enter hands a reason in once, however long it is held, and Enter makes lines in it', async () => {
  const view = { ...answers.case, actions: ['death_undo'] }
  const core = new RecordedCore({ case_show: view, death_undo: () => { throw refusal('disk_full') } })
  await open(core, { name: 'case', case: view.row.id, purpose: 'case_work' })
  await until(() => document.getElementById('death-undo') !== null, 'the button')
  get('death-undo').click()
  await until(() => document.getElementById('death-undo-dialog-reason') !== null, 'the reason')
  await type('death-undo-dialog-reason', 'Forkert borger')
  expect(press('Enter', { repeat: true }).defaultPrevented).toBe(false)
  press('Enter', { ctrl: true })
  await until(() => core.of('death_undo').length === 1, 'the reason to be handed in')
  await settle()
  press('Enter', { ctrl: true, repeat: true })
  await settle()
  expect(core.of('death_undo')).toHaveLength(1)
})

test('a purpose is chosen by Enter, but not by one that was held', async () => {
  const core = new RecordedCore({
    case_show: ({ purpose }: { purpose: string | null }) => {
      if (!purpose) throw refusal('purpose_missing')
      return answers.case
    }
  })
  await open(core, { name: 'case', case: answers.case.row.id })
  await until(() => document.getElementById('purpose-dialog') !== null, 'the question')
  get('purpose-citizen_contact').focus()
  press('Enter', { repeat: true })
  await settle()
  expect(document.getElementById('purpose-dialog')).not.toBeNull()
  press('Enter')
  await until(() => document.getElementById('overview') !== null, 'the case')
})

test('a paper is printed once, however long its key is held', async () => {
  const core = new RecordedCore({ draft_open: { ...answers.draft, step: 4 }, paper_preview: paperView, paper_print: { done: true, number: 'S3-2026-00001', copy: 0, file: null } })
  await open(core, { name: 'counter', draft: answers.draft.id })
  await until(() => document.getElementById('print-request') !== null, 'step 4')
  get('print-request').click()
  await until(() => document.getElementById('print') !== null && !get<HTMLButtonElement>('print').disabled, 'the paper')
  press('p', { ctrl: true })
  await until(() => core.of('paper_print').length === 1, 'the print')
  await settle()
  expect(press('p', { ctrl: true, repeat: true }).defaultPrevented).toBe(true)
  await settle()
  expect(core.of('paper_print')).toHaveLength(1)
})

test('Enter on the way out does not confirm', async () => {
  const core = await staffDialog()
  get('staff-cancel').focus()
  press('Enter')
  await settle()
  expect(core.of('staff_save')).toEqual([])
})

test('keys of the page behind a dialog do not act', async () => {
  const core = await staffDialog()
  press('n', { ctrl: true })
  await settle()
  expect(document.getElementById('staff-dialog')).not.toBeNull()
  expect(core.of('draft_new')).toEqual([])
})

test.each([
  ['an exemption ended', 'rejoin', 'end-exemption', 'rejoined_at_counter'],
  ['a citizen died', 'record_death', 'record-death', 'deceased']
])('the day %s may be another than today', async (_, action, button, ending) => {
  const view = { ...answers.case, actions: [action] }
  const core = new RecordedCore({ case_show: view, end_exemption: view })
  await open(core, { name: 'case', case: view.row.id, purpose: 'case_work' })
  await until(() => document.getElementById(button) !== null, 'the button')
  get(button).click()
  await until(() => document.getElementById('ended_on') !== null, 'the day')
  get<HTMLInputElement>('ended_on').value = ''
  await type('ended_on', '11.03.2026')
  get('end-confirm').click()
  await until(() => core.of('end_exemption').length === 1, 'the ending')
  expect(core.of('end_exemption')[0]).toMatchObject({ ending, ended_on: '2026-03-11' })
})

test('a death recorded by mistake is taken back with a reason', async () => {
  const view = { ...answers.case, actions: ['death_undo'] }
  const core = new RecordedCore({ case_show: view, death_undo: { ...view, actions: [] } })
  await open(core, { name: 'case', case: view.row.id, purpose: 'case_work' })
  await until(() => document.getElementById('death-undo') !== null, 'the button')
  get('death-undo').click()
  await until(() => document.getElementById('death-undo-dialog-reason') !== null, 'the reason')
  get('death-undo-dialog-confirm').click()
  await settle()
  expect(core.of('death_undo')).toEqual([])
  await type('death-undo-dialog-reason', 'Noteret på den forkerte borger')
  get('death-undo-dialog-confirm').click()
  await until(() => document.getElementById('death-undo') === null, 'it is undone')
  expect(core.of('death_undo')).toEqual([{ case_id: view.row.id, reason: 'Noteret på den forkerte borger' }])
})
