// Dialogs by key: Ctrl Enter and Enter confirm, Esc leaves, and nothing behind them acts meanwhile.
import { expect, test } from 'vitest'
import { answers, RecordedCore } from './recorded'
import { get, open, press, settle, type, until } from './page'

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
