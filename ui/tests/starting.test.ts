// What the window does where it cannot open.
import { expect, test } from 'vitest'
import { answers, RecordedCore, refusal } from './recorded'
import { open, settle } from './page'

/** A core that cannot be opened for so many questions. */
function closed(times: number, code: 'database_locked' | 'store_not_writable'): RecordedCore {
  return new RecordedCore({
    start_state: () => {
      if (times-- > 0) throw refusal(code)
      return answers.start_ready
    }
  })
}

test('a window that waits for another opens when that has closed', async () => {
  const { core } = await open(closed(1, 'database_locked'))
  expect(core.of('start_state')).toHaveLength(2)
  expect(document.getElementById('start-error')).toBeNull()
})

test('what does not mend itself is not asked for over and over', async () => {
  const core = closed(1, 'store_not_writable')
  await expect(open(core)).rejects.toThrow()
  await settle()
  expect(core.of('start_state')).toHaveLength(1)
  expect(document.getElementById('try-again')).not.toBeNull()
})
