// What stands behind a logged click: a refusal is told as what it is.
import { expect, test } from 'vitest'
import { answers, RecordedCore, refusal } from './recorded'
import { get, open, press, settle, until } from './page'
import { t } from '../src/lib/texts'

const full = () => {
  throw refusal('disk_full')
}
const hidden = { ...answers.case, address_protected: true, address: '' }

test('a protected address that cannot be shown says why, and can be asked for again', async () => {
  const core = new RecordedCore({ case_show: hidden, reveal: full })
  await open(core, { name: 'case', case: hidden.row.id })
  await until(() => document.getElementById('reveal-address') !== null, 'the click')
  get('reveal-address').click()
  await until(() => document.getElementById('reveal-problem') !== null, 'the reason')
  expect(get('reveal-problem').textContent).toContain('Disken er fuld')
  core.answers.reveal = { text: 'Jernbanegade 21' }
  get('reveal-address').click()
  await until(() => get('case-address').textContent?.includes('Jernbanegade 21') ?? false, 'the address')
  expect(document.getElementById('reveal-problem')).toBeNull()
})

test('a number that cannot be uncovered is not said to be a refused clipboard', async () => {
  await open(new RecordedCore({ reveal: full }), { name: 'finish', case: answers.case.row.id })
  await until(() => document.getElementById('copy-cpr') !== null, 'step 6')
  press('1', { ctrl: true })
  await until(() => document.getElementById('reveal-problem') !== null, 'the reason')
  expect(get('reveal-problem').textContent).toContain('Disken er fuld')
  expect(get('register-box').textContent).not.toContain(t('window.copy_refused'))
})

test('a clipboard that refuses is told as such', async () => {
  document.execCommand = () => false
  await open(new RecordedCore({ reveal: { text: '2512169996' } }), { name: 'finish', case: answers.case.row.id })
  await until(() => document.getElementById('copy-cpr') !== null, 'step 6')
  press('1', { ctrl: true })
  await settle()
  expect(get('register-box').textContent).toContain(t('window.copy_refused'))
  expect(document.getElementById('reveal-problem')).toBeNull()
})
