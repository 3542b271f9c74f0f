// The keyboard: one table for what works and for what the sheet under ? lists.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Keyboard, keysOf } from '../src/lib/keys.svelte'

const event = (key: string, rest: KeyboardEventInit = {}) => new KeyboardEvent('keydown', { key, cancelable: true, ...rest })
let field: HTMLInputElement

beforeEach(() => {
  field = document.body.appendChild(document.createElement('input'))
})
afterEach(() => document.body.replaceChildren())

function pressed(keyboard: Keyboard, target: HTMLElement, key: string, rest: KeyboardEventInit = {}) {
  const made = event(key, { bubbles: true, ...rest })
  Object.defineProperty(made, 'target', { value: target })
  keyboard.handle(made)
  return made
}

test('keys are named as they stand on the buttons', () => {
  expect(keysOf(event('Enter', { ctrlKey: true }))).toBe('Ctrl Enter')
  expect(keysOf(event('ArrowLeft', { altKey: true }))).toBe('Alt ←')
  expect(keysOf(event('k', { ctrlKey: true }))).toBe('Ctrl K')
  expect(keysOf(event('?', { shiftKey: true }))).toBe('?')
})

test('a plain key does not act while something is typed, a held one does', () => {
  const keyboard = new Keyboard()
  const help = vi.fn()
  const next = vi.fn()
  keyboard.add([
    { keys: '?', label: 'shortcut.help', group: 'everywhere', run: help },
    { keys: 'Ctrl Enter', label: 'shortcut.next', group: 'flow', run: next }
  ])

  pressed(keyboard, field, '?')
  const held = pressed(keyboard, field, 'Enter', { ctrlKey: true })

  expect(help).not.toHaveBeenCalled()
  expect(next).toHaveBeenCalledOnce()
  expect(held.defaultPrevented).toBe(true)
})

test('the newest page decides, and gives its keys back when it goes', () => {
  const keyboard = new Keyboard()
  const below = vi.fn()
  const above = vi.fn()
  keyboard.add([{ keys: 'Ctrl N', label: 'shortcut.new_citizen', group: 'everywhere', run: below }])
  const remove = keyboard.add([{ keys: 'Ctrl N', label: 'shortcut.new_citizen', group: 'everywhere', run: above }])

  pressed(keyboard, document.body, 'n', { ctrlKey: true })
  expect(keyboard.active.filter((shortcut) => shortcut.keys === 'Ctrl N')).toHaveLength(1)
  remove()
  pressed(keyboard, document.body, 'n', { ctrlKey: true })

  expect(above).toHaveBeenCalledOnce()
  expect(below).toHaveBeenCalledOnce()
})

test('nothing behind an open dialog acts', () => {
  const keyboard = new Keyboard()
  const run = vi.fn()
  keyboard.add([{ keys: 'Ctrl Enter', label: 'shortcut.next', group: 'flow', run }])
  const dialog = document.body.appendChild(document.createElement('dialog'))
  dialog.setAttribute('open', '')

  pressed(keyboard, document.body, 'Enter', { ctrlKey: true })

  expect(run).not.toHaveBeenCalled()
})

test('what works everywhere gives way to the page at hand, whichever came first', () => {
  const keyboard = new Keyboard()
  const everywhere = vi.fn()
  const here = vi.fn()
  keyboard.add([{ keys: 'Ctrl N', label: 'shortcut.new_citizen', group: 'everywhere', run: here }])
  keyboard.add([{ keys: 'Ctrl N', label: 'shortcut.new_citizen', group: 'everywhere', run: everywhere }], true)

  pressed(keyboard, field, 'n', { ctrlKey: true })

  expect(here).toHaveBeenCalledOnce()
  expect(everywhere).not.toHaveBeenCalled()
})

test('a key that is held acts once, and does nothing else meanwhile', () => {
  const keyboard = new Keyboard()
  const run = vi.fn()
  keyboard.add([{ keys: 'Ctrl Enter', label: 'shortcut.next', group: 'flow', run }])

  pressed(keyboard, document.body, 'Enter', { ctrlKey: true })
  const held = pressed(keyboard, document.body, 'Enter', { ctrlKey: true, repeat: true })

  expect(run).toHaveBeenCalledOnce()
  expect(held.defaultPrevented).toBe(true)
})

test('a held Enter presses a button once, and a held letter is written', () => {
  const keyboard = new Keyboard()
  keyboard.add([{ keys: '?', label: 'shortcut.help', group: 'everywhere', run: vi.fn() }])
  const button = document.body.appendChild(document.createElement('button'))

  expect(pressed(keyboard, button, 'Enter').defaultPrevented).toBe(false)
  expect(pressed(keyboard, button, 'Enter', { repeat: true }).defaultPrevented).toBe(true)
  expect(pressed(keyboard, field, '?', { repeat: true }).defaultPrevented).toBe(false)
})
