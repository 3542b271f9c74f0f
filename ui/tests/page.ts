// Puts the whole window on the page and waits as a person would: for what is shown.
import axe from 'axe-core'
import { flushSync, mount, unmount } from 'svelte'
import { afterEach, expect } from 'vitest'
import App from '../src/App.svelte'
import { Desk } from '../src/lib/desk.svelte'
import { RecordedCore } from './recorded'
import type { Route } from '../src/lib/router.svelte'

let mounted: ReturnType<typeof mount> | null = null

export async function open(core = new RecordedCore(), route?: Route): Promise<{ core: RecordedCore; desk: Desk }> {
  const desk = new Desk(core)
  mounted = mount(App, { target: document.body, props: { backend: core, desk } })
  await until(() => desk.stage !== null)
  if (route) desk.router.go(route)
  await settle()
  return { core, desk }
}

afterEach(async () => {
  if (mounted) await unmount(mounted)
  mounted = null
  document.body.replaceChildren()
})

export async function settle(): Promise<void> {
  for (let round = 0; round < 8; round++) {
    await new Promise((resolve) => setTimeout(resolve, 0))
    flushSync()
  }
}

export async function until(holds: () => boolean, what = 'the condition'): Promise<void> {
  for (let round = 0; round < 200; round++) {
    await settle()
    if (holds()) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error(`${what} did not come; the page says: ${document.body.textContent}`)
}

export function get<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id)
  if (!found) throw new Error(`no #${id}; the page says: ${document.body.textContent}`)
  return found as T
}

export function press(key: string, held: { ctrl?: boolean; alt?: boolean; repeat?: boolean } = {}): KeyboardEvent {
  const target = document.activeElement ?? document.body
  const pressed = new KeyboardEvent('keydown', {
    key, ctrlKey: held.ctrl ?? false, altKey: held.alt ?? false, repeat: held.repeat ?? false, bubbles: true, cancelable: true
  })
  target.dispatchEvent(pressed)
  return pressed
}

export async function type(id: string, text: string): Promise<void> {
  const field = get<HTMLInputElement>(id)
  field.focus()
  for (const character of text) {
    field.value += character
    field.dispatchEvent(new Event('input', { bubbles: true }))
    await settle()
  }
}

/** No accessibility fault that can be seen without layout; colours are checked in the real window. */
export async function expectAccessible(): Promise<void> {
  const found = await axe.run(document.body, { rules: { 'color-contrast': { enabled: false }, region: { enabled: false } } })
  expect(found.violations.map((fault) => `${fault.id}: ${fault.nodes.map((node) => node.html).join(' | ')}`)).toEqual([])
}
