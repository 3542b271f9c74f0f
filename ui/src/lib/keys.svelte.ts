// The keyboard: which keys do what on the page at hand. Everything registered here is also what
// the sheet under `?` lists, so the two never differ.
import type { TextKey } from './texts'

export type ShortcutGroup = 'everywhere' | 'flow' | 'registration' | 'lists'

export interface Shortcut {
  /** As shown on the button: `Ctrl Enter`, `Alt ←`, `F8`, `?`. */
  keys: string
  label: TextKey
  group: ShortcutGroup
  run: () => void
  /** Works while typing in a field too. Keys with Ctrl, Alt or F always do. */
  whileTyping?: boolean
}

const arrows: Record<string, string> = { ArrowLeft: '←', ArrowRight: '→', ArrowUp: '↑', ArrowDown: '↓', Escape: 'Esc', ' ': 'Space' }

/** The shown name of the key that was pressed. */
export function keysOf(event: KeyboardEvent): string {
  const key = arrows[event.key] ?? (event.key.length === 1 ? event.key.toUpperCase() : event.key)
  const held = [event.ctrlKey || event.metaKey ? 'Ctrl' : '', event.altKey ? 'Alt' : '']
  if (event.shiftKey && key.length > 1) held.push('Shift')
  return [...held.filter(Boolean), key].join(' ')
}

function typing(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target instanceof HTMLInputElement) return !['checkbox', 'radio', 'button', 'submit'].includes(target.type)
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable
}

export class Keyboard {
  // Not a signal: what is read while an effect is taken down would be what stood before, and lose what others added.
  #layers: Shortcut[][] = []
  #change: object = $state.raw({})

  #set(layers: Shortcut[][]): void {
    this.#layers = layers
    this.#change = {}
  }

  /** Everything that works now, newest first. */
  get active(): Shortcut[] {
    void this.#change
    const all = this.#layers.flat()
    return all.filter((shortcut, at) => all.findIndex((other) => other.keys === shortcut.keys) === at)
  }

  /** Adds keys for as long as the caller is on screen; call the result to take them away. What lies `under` gives way
      to the keys of any page, whichever came first. */
  add(shortcuts: Shortcut[], under = false): () => void {
    this.#set(under ? [...this.#layers, shortcuts] : [shortcuts, ...this.#layers])
    return () => this.#set(this.#layers.filter((layer) => layer !== shortcuts))
  }

  /** A key that is held acts once: what it leads to must not be answered by it too. Lists hear their arrows themselves. */
  handle(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.isComposing) return
    if (event.repeat && event.key === 'Enter' && event.target instanceof HTMLButtonElement) event.preventDefault()
    const open = document.querySelector('dialog[open]')
    const keys = keysOf(event)
    const plain = !event.ctrlKey && !event.altKey && !event.metaKey && !/^F\d+$/.test(event.key)
    for (const layer of this.#layers) {
      const found = layer.find((shortcut) => shortcut.keys === keys)
      if (!found) continue
      // A dialog owns the keyboard; what lies behind it must not act.
      if (open && !found.keys.startsWith('Esc')) return
      if (plain && typing(event.target) && !found.whileTyping) return
      event.preventDefault()
      if (!event.repeat) found.run()
      return
    }
  }
}
