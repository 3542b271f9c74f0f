// Dialogs by key: Ctrl Enter and Enter confirm, Esc leaves, and nothing behind them acts meanwhile.
import { expect, test } from 'vitest'
import { answers, RecordedCore } from './recorded'
import { get, open, press, settle, until } from './page'

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
