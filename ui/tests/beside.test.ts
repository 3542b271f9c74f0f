// What a person meets beside the ordinary way: another role, a number nobody can have, a case without a person.
import { expect, test } from 'vitest'
import { answers, RecordedCore, refusal } from './recorded'
import { get, open, settle, until } from './page'

const oneCase = { name: 'case', case: answers.case.row.id } as const

test('an administrator, who sees no case, comes to the settings and is offered the rules and nothing else', async () => {
  const { desk } = await open(new RecordedCore({ start_state: answers.start_administrator }))
  await until(() => document.getElementById('theme-light') !== null || document.getElementById('theme') !== null, 'the settings')

  expect([...document.querySelectorAll('.rail > button')].map((entry) => entry.id)).toEqual(['nav-rules', 'nav-settings'])
  expect(get('nav-settings').getAttribute('aria-current')).toBe('page')
  expect(desk.keyboard.active.map((shortcut) => shortcut.keys)).not.toContain('Ctrl F')
})

test('on the start the key for the next citizen leads to where the number is typed', async () => {
  await open()
  await until(() => document.activeElement?.id === 'new-cpr', 'the start')
  get('nav-settings').focus()

  document.activeElement!.dispatchEvent(new KeyboardEvent('keydown', { key: 'n', ctrlKey: true, bubbles: true, cancelable: true }))

  await until(() => document.activeElement?.id === 'new-cpr', 'the focus')
})

test('an auditor, who receives nobody, begins with the cases and sees no way to begin one', async () => {
  await open(new RecordedCore({ start_state: answers.start_auditor }))
  await until(() => document.getElementById('case-search') !== null, 'the cases')

  expect(document.getElementById('new-cpr')).toBeNull()
  expect([...document.querySelectorAll('.rail > button')].map((entry) => entry.id)).toEqual(['nav-cases', 'nav-queue', 'nav-rules', 'nav-settings'])
  expect(get('nav-cases').getAttribute('aria-current')).toBe('page')
})

test('a number nobody can have begins no case and says what is wrong', async () => {
  const impossible = { ...answers.cpr, problem: 'cpr_no_such_date', birth_date: '', age: null, masked: '' }
  const { core } = await open(new RecordedCore({ cpr_check: impossible }))
  const field = get('new-cpr') as HTMLInputElement
  field.value = '3113993984'
  field.dispatchEvent(new Event('input', { bubbles: true }))
  get('start-citizen').click()
  await settle()

  await until(() => document.body.textContent?.includes('begynder ikke med en rigtig dato') ?? false, 'what is wrong')
  expect(core.of('draft_new')).toEqual([])
  expect(field.value.replace(/\D/g, '')).toBe('3113993984')
})

test('a case in which nobody was identified names nobody, and asks for no look in the register', async () => {
  const row = { ...answers.case.row, name: '', cpr_masked: '', state: 'rejected' }
  const rejected = { ...answers.case, row, channel: 'self', id_kind: '', id_seen: null, register_seen: '', warnings: ['register_not_looked'] }
  await open(new RecordedCore({ case_show: rejected }), oneCase)
  await until(() => document.getElementById('overview') !== null, 'the case')

  expect(document.querySelector('.who')?.textContent).toBe('Fremmødt: borgeren selv')
  expect(document.getElementById('warning-register_not_looked')).toBeNull()
})

test('a line of the history keeps what happened and what is told of it apart', async () => {
  await open(new RecordedCore(), oneCase)
  await until(() => document.getElementById('timeline') !== null, 'the history')

  const told = answers.case.timeline.find((entry) => entry.detail)!
  const lines = [...document.querySelectorAll('#timeline .what')].map((line) => line.textContent ?? '')
  expect(lines.some((line) => line.endsWith(` · ${told.detail}`))).toBe(true)
})

test('where a list may not be seen nothing says that it is empty', async () => {
  const mayNot = () => {
    throw refusal('not_permitted')
  }
  await open(new RecordedCore({ case_list: mayNot }), { name: 'cases' })
  await until(() => document.getElementById('cases-error') !== null, 'the reason')

  expect(document.getElementById('cases-empty')).toBeNull()
})

test('where our own record says exempt, step 5 leads to the register', async () => {
  const unmet = { ...answers.check.proof, code: 'not_exempt_already', outcome: 'not_met', remedy: 'Slå op i registret', parts: [] }
  const proof = { ...answers.check.proof, outcome: 'not_met', parts: [unmet] }
  const draft = { ...answers.draft, step: 5 }
  await open(new RecordedCore({ draft_open: draft, draft_check: { ...answers.check, proof, problems: [] } }), { name: 'counter', draft: draft.id })
  await until(() => document.getElementById('look-first') !== null, 'the way there')

  get('look-first').click()
  await until(() => document.activeElement?.id.startsWith('register_seen') ?? false, 'the question')
})
