// Nobody at the desk: a notice half a minute before the lock, then the lock. The core keeps its own clock by
// the calls it gets, so it is told now and then that somebody is still typing.
import type { Desk } from './desk.svelte'

const NOTICE_SECONDS = 30
const TELL_SECONDS = 30

export class Idle {
  readonly #desk: Desk
  #touched = Date.now()
  #told = Date.now()
  /** Seconds until the lock, while the notice stands; otherwise nothing. */
  left: number | null = $state(null)

  constructor(desk: Desk) {
    this.#desk = desk
  }

  /** A key, a click or the wheel. */
  touch(): void {
    this.#touched = Date.now()
    this.left = null
    if (this.#desk.stage === 'ready' && this.#touched - this.#told > TELL_SECONDS * 1000) this.stay()
  }

  stay(): void {
    this.#touched = Date.now()
    this.#told = this.#touched
    this.left = null
    void this.#desk.stay()
  }

  /** Looks at the clock once a second for as long as the window is there; call the result to stop. */
  watch(): () => void {
    const timer = setInterval(() => this.#look(), 1000)
    return () => clearInterval(timer)
  }

  #look(): void {
    const seconds = this.#desk.session?.lock_after_seconds ?? 0
    if (seconds === 0 || this.#desk.stage !== 'ready') {
      this.left = null
      return
    }
    const left = Math.ceil(seconds - (Date.now() - this.#touched) / 1000)
    this.left = left <= NOTICE_SECONDS ? Math.max(0, left) : null
    if (left <= 0) {
      this.#touched = Date.now()
      this.left = null
      void this.#desk.lock()
    }
  }
}
