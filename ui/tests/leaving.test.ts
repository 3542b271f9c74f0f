// Locking and signing out: nobody walks away from an open page, and what did not go is told.
import { expect, test } from 'vitest'
import { answers, RecordedCore, refusal } from './recorded'
import { get, open, press, settle, until } from './page'

const full = () => {
  throw refusal('disk_full')
}
const locked = { ...answers.start_ready, stage: 'locked' as const }

test('where signing out fails the screen is locked, and says why', async () => {
  const core = new RecordedCore({ sign_out: full })
  core.answers.session_lock = () => {
    core.answers.start_state = locked
    return null
  }
  const { desk } = await open(core, { name: 'case', case: answers.case.row.id })
  await until(() => document.getElementById('overview') !== null, 'the case')
  get('sign-out').click()
  await until(() => desk.stage === 'locked', 'the lock')
  await until(() => document.getElementById('not-left') !== null, 'the reason')
  expect(get('not-left').textContent).toContain('Du blev ikke logget ud. Disken er fuld')
  expect(document.getElementById('overview')).toBeNull()
  desk.enter(answers.start_ready)
  await settle()
  expect(document.getElementById('not-left')).toBeNull()
})

test('where the screen cannot even be locked the page says so', async () => {
  await open(new RecordedCore({ sign_out: full, session_lock: full }))
  get('sign-out').click()
  await until(() => document.getElementById('not-left') !== null, 'the reason')
  expect(get('not-left').textContent).toContain('Disken er fuld')
  get('not-left-close').click()
  await settle()
  expect(document.getElementById('not-left')).toBeNull()
})

test('the sheet of shortcuts does not lie over the lock', async () => {
  const core = new RecordedCore()
  const { desk } = await open(core)
  get('new-cpr').blur()
  press('?')
  await until(() => document.getElementById('shortcuts') !== null, 'the sheet')
  core.answers.start_state = locked
  await desk.lock()
  await until(() => document.getElementById('password') !== null, 'the lock')
  expect(document.getElementById('shortcuts')).toBeNull()
  expect(document.activeElement?.id).toBe('password')
})
