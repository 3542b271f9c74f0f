// What was copied for the national tool leaves the clipboard by itself. Basis: reliability, threat T15.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { CLEAR_AFTER_SECONDS, copyForAWhile } from '../src/lib/clipboard'

const seconds = (count: number) => vi.advanceTimersByTimeAsync(count * 1000)
let clipboard = ''
let refuses = false

beforeEach(() => {
  vi.useFakeTimers()
  clipboard = 'from before'
  refuses = false
  const writeText = async (text: string) => {
    if (refuses) throw new Error('refused')
    clipboard = text
  }
  Object.defineProperty(navigator, 'clipboard', { configurable: true, value: { writeText } })
  document.execCommand = () => false
})

afterEach(async () => {
  // What a test left on the clipboard is not the next one's.
  refuses = false
  await seconds(CLEAR_AFTER_SECONDS)
  window.dispatchEvent(new Event('focus'))
  await seconds(0)
  vi.clearAllTimers()
  vi.useRealTimers()
})

test('what was copied is gone after half a minute, and not before', async () => {
  const cleared = vi.fn()

  expect(await copyForAWhile('2512169996', cleared)).toBe(true)
  await seconds(CLEAR_AFTER_SECONDS - 1)
  expect(clipboard).toBe('2512169996')
  expect(cleared).not.toHaveBeenCalled()

  await seconds(1)
  expect(CLEAR_AFTER_SECONDS).toBe(30)
  expect(clipboard.trim()).toBe('')
  expect(cleared).toHaveBeenCalledOnce()
})

test('what is copied next has its own half minute, and is cleared once', async () => {
  await copyForAWhile('2512169996')
  await seconds(20)
  await copyForAWhile('2211771212')

  await seconds(20)
  expect(clipboard).toBe('2211771212')

  await seconds(10)
  expect(clipboard.trim()).toBe('')
  clipboard = 'copied elsewhere'
  await seconds(60)
  expect(clipboard).toBe('copied elsewhere')
})

test('an engine that refuses is told, and nothing is cleared later', async () => {
  refuses = true
  expect(await copyForAWhile('2512169996')).toBe(false)

  refuses = false
  await seconds(60)
  expect(clipboard).toBe('from before')
})

test('without focus the engine refuses to clear: it is cleared as soon as the window has it again, and told then', async () => {
  const cleared = vi.fn()
  await copyForAWhile('2512169996', cleared)
  window.dispatchEvent(new Event('focus'))
  await seconds(1)
  expect(clipboard).toBe('2512169996')

  refuses = true
  await seconds(CLEAR_AFTER_SECONDS)
  expect(clipboard).toBe('2512169996')
  expect(cleared).not.toHaveBeenCalled()

  refuses = false
  window.dispatchEvent(new Event('focus'))
  await seconds(0)
  expect(clipboard.trim()).toBe('')
  expect(cleared).toHaveBeenCalledOnce()

  clipboard = 'copied elsewhere'
  window.dispatchEvent(new Event('focus'))
  await seconds(0)
  expect(clipboard).toBe('copied elsewhere')
})

test('a copy that is refused leaves the one before its own half minute', async () => {
  await copyForAWhile('2512169996')
  await seconds(20)
  refuses = true
  expect(await copyForAWhile('2211771212')).toBe(false)
  refuses = false
  await seconds(10)
  expect(clipboard.trim()).toBe('')
})

test('a page that goes takes what was copied along', async () => {
  document.execCommand = () => {
    const event = new Event('copy') as ClipboardEvent
    Object.defineProperty(event, 'clipboardData', { value: { setData: (_: string, text: string) => (clipboard = text) } })
    return document.dispatchEvent(event)
  }
  window.dispatchEvent(new Event('pagehide'))
  expect(clipboard).toBe('from before')

  await copyForAWhile('2512169996')
  window.dispatchEvent(new Event('pagehide'))
  expect(clipboard.trim()).toBe('')
})
