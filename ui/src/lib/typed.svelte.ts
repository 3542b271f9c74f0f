// What is typed outside the six steps (notes, reasons) and not handed in yet, by the place it is typed in: there again
// after Esc, a lock or a crash. Kept by the core as drafts are, within a second.
import { SvelteSet } from 'svelte/reactivity'
import { asCallError } from './backend'
import type { Desk } from './desk.svelte'
import { errorText } from './work.svelte'

const PAUSE_MS = 350
/** How long until a save that failed is tried again by itself. */
const RETRY_MS = 3000

export class Typed {
  readonly #desk: Desk
  #texts: Record<string, string> = $state({})
  /** Places whose text is not in the store yet. */
  readonly #changed = new SvelteSet<string>()
  #timer: ReturnType<typeof setTimeout> | null = null
  #saving: Promise<boolean> = Promise.resolve(true)
  /** Grows when somebody else signs in: what is still on its way is not theirs. */
  #round = 0

  constructor(desk: Desk) {
    this.#desk = desk
  }

  of(place: string): string {
    return this.#texts[place] ?? ''
  }

  set(place: string, text: string): void {
    this.#texts[place] = text
    this.#changed.add(place)
    this.#saveIn(PAUSE_MS)
  }

  /** Handed in: nothing is kept there any more. */
  clear(place: string): void {
    if (!(place in this.#texts)) return
    delete this.#texts[place]
    this.#changed.add(place)
    this.#saveIn(0)
  }

  /** Whether something typed is not in the store. */
  get unsaved(): boolean {
    return this.#changed.size > 0
  }

  /** What whoever signed in had typed before. */
  async load(): Promise<void> {
    const round = this.#round
    const kept = await this.#desk.call('typed_kept', null).catch(() => [])
    if (round !== this.#round) return
    for (const { place, text } of kept) if (!(place in this.#texts) && !this.#changed.has(place)) this.#texts[place] = text
  }

  /** Signed out: it stays in the store alone. */
  forget(): void {
    this.#round += 1
    this.#stopTimer()
    this.#changed.clear()
    this.#texts = {}
  }

  /** Writes what changed, one write at a time. False when some of it is not in the store. */
  save(): Promise<boolean> {
    this.#stopTimer()
    this.#saving = this.#saving.then(() => this.#write())
    return this.#saving
  }

  async #write(): Promise<boolean> {
    const round = this.#round
    for (const place of [...this.#changed]) {
      const text = this.of(place)
      this.#desk.saving = { state: 'saving' }
      try {
        const saved = await this.#desk.call('typed_keep', { place, text })
        if (round !== this.#round) return true
        if (this.of(place) === text) this.#changed.delete(place)
        this.#desk.saved(saved.saved_at)
      } catch (problem) {
        if (round !== this.#round) return true
        const error = asCallError(problem)
        this.#desk.saving = { state: 'failed', message: errorText(error) }
        // Behind a lock it waits for the lock to open.
        if (!['session_locked', 'not_signed_in'].includes(error.code)) this.#saveIn(RETRY_MS)
        return false
      }
    }
    return true
  }

  #saveIn(pause: number): void {
    this.#stopTimer()
    this.#timer = setTimeout(() => void this.save(), pause)
  }

  #stopTimer(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
  }
}
