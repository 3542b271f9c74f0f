// The rules to look up: a detour from any page, and back to what one was doing.
import { expect, test } from 'vitest'
import { answers, RecordedCore, refusal } from './recorded'
import { expectAccessible, get, open, press, settle, until } from './page'

const shown = (id: string) => document.getElementById(id) !== null

test('the rules in force come first, and what the first set changed is said in words', async () => {
  await open(new RecordedCore(), { name: 'rules' })
  await until(() => shown('about-set'), 'a rule set')
  expect(get('about-set').textContent).toContain('Regelsæt C')
  expect(shown('in-force')).toBe(true)
  expect(get('changes').querySelectorAll('.change').length).toBe(answers.rule_library.sets[0]!.changes.length)
  await expectAccessible()
  get('rule-set-a').click()
  await settle()
  expect(get('about-set').textContent).toContain('Gjaldt fra 01.03.2014 til og med 30.09.2017')
  expect(shown('in-force')).toBe(false)
  expect(get('changes').textContent).toContain('Det første regelsæt')
})

test('the help stands beside the rule sets, each with its source', async () => {
  await open(new RecordedCore(), { name: 'rules' })
  await until(() => shown('rule-set-help'), 'the choice')
  get('rule-set-help').click()
  await settle()
  expect(get('help-topics').querySelectorAll('article').length).toBe(answers.rule_library.help.length)
  expect(get('help-identify_first').textContent).toContain('trin 2')
  await expectAccessible()
})

test('F1 opens the rules from any page and back goes to where one was', async () => {
  const { desk } = await open(new RecordedCore(), { name: 'counter', draft: answers.draft.id })
  await until(() => shown('all-rules'), 'the panel')
  press('F1')
  await until(() => desk.router.route.name === 'rules', 'the rules')
  press('F1')
  press('ArrowLeft', { alt: true })
  await until(() => desk.router.route.name === 'counter', 'the draft')
})

test('rules that cannot be read say so and can be asked for again', async () => {
  const core = new RecordedCore({
    rule_library: () => {
      throw refusal('internal')
    }
  })
  await open(core, { name: 'rules' })
  await until(() => shown('rules-error'), 'the fault')
  core.answers.rule_library = answers.rule_library
  get('rules-again').click()
  await until(() => shown('about-set'), 'the rules')
})
