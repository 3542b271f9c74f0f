// The keyboard: one table for what works and for what the sheet under ? lists.
import { afterEach, expect, test, vi } from 'vitest'
import { Keyboard, keysOf, type Shortcut } from '../src/lib/keys.svelte'

const press = (init: KeyboardEventInit, target: Element = document.body) => {
  const event = new KeyboardEvent('keydown', { ...init, bubbles: true, cancelable: true })
  Object.defineProperty(event, 'target', { value: target })
  return event
}
const shortcut = (keys: string, run: () => void): Shortcut => ({ keys, label: 'shortcut.help', group: 'everywhere', run })

afterEach(() => document.body.replaceChildren())

test('keys are named as they stand on the buttons', () => {
  expect(keysOf(press({ key: 'Enter', ctrlKey: true }))).toBe('Ctrl Enter')
  expect(keysOf(press({ key: 'ArrowLeft', altKey: true }))).toBe('Alt ←')
  expect(keysOf(press({ key: 'F8' }))).toBe('F8')
})

test('the newest page on screen has the key, and gives it back', () => {
  const keyboard = new Keyboard()
  const below = vi.fn()
  const above = vi.fn()
  keyboard.add([shortcut('Ctrl Enter', below)])
  const take = keyboard.add([shortcut('Ctrl Enter', above)])
  keyboard.handle(press({ key: 'Enter', ctrlKey: true }))
  take()
  keyboard.handle(press({ key: 'Enter', ctrlKey: true }))
  expect([above.mock.calls.length, below.mock.calls.length]).toEqual([1, 1])
})

test('a plain key is text while one types, and a key with Ctrl is not', () => {
  const keyboard = new Keyboard()
  const plain = vi.fn()
  const held = vi.fn()
  keyboard.add([shortcut('?', plain), shortcut('Ctrl K', held)])
  const field = document.body.appendChild(document.createElement('input'))
  keyboard.handle(press({ key: '?' }, field))
  keyboard.handle(press({ key: 'k', ctrlKey: true }, field))
  expect([plain.mock.calls.length, held.mock.calls.length]).toEqual([0, 1])
})

test('an open dialog keeps the keys from what lies behind it', () => {
  const keyboard = new Keyboard()
  const behind = vi.fn()
  keyboard.add([shortcut('Ctrl Enter', behind)])
  const dialog = document.body.appendChild(document.createElement('dialog'))
  dialog.setAttribute('open', '')
  keyboard.handle(press({ key: 'Enter', ctrlKey: true }))
  expect(behind).not.toHaveBeenCalled()
})
