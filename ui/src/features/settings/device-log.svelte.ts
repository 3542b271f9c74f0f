// What was done on the municipality's computers, a page at a time.
import type { LogEntry, LogPage, LogRequest } from '../../lib/api'
import type { Desk } from '../../lib/desk.svelte'
import { Work } from '../../lib/work.svelte'

/** Every computer: no computer has an empty id. */
export const EVERY = ''

export class DeviceLog {
  readonly #desk: Desk
  computer = $state(EVERY)
  fromOn = $state('')
  toOn = $state('')
  purpose = $state('supervision')
  rows: LogEntry[] = $state.raw([])
  /** Whether anything was asked yet. */
  isAsked = $state(false)
  /** What was asked and goes on where its page ended, whatever is chosen meanwhile. */
  more: LogRequest | null = $state.raw(null)
  readonly work = new Work<LogPage>()

  constructor(desk: Desk) {
    this.#desk = desk
    this.fromOn = desk.today
    this.toOn = desk.today
  }

  /** The field the core would not have. */
  get wrong(): string {
    return this.work.error?.code === 'invalid_fields' ? (this.work.error.params.field ?? '') : ''
  }

  async show(): Promise<void> {
    this.rows = []
    this.more = null
    this.isAsked = false
    const computer = this.computer === EVERY ? null : this.computer
    await this.#read({ purpose: this.purpose, computer, from_on: this.fromOn, to_on: this.toOn, next: null })
  }

  async showMore(): Promise<void> {
    if (this.more) await this.#read(this.more)
  }

  async #read(request: LogRequest): Promise<void> {
    const page = await this.work.run(() => this.#desk.call('log_read', request))
    if (!page) return
    this.rows = [...this.rows, ...page.rows]
    this.more = page.next === null ? null : { ...request, next: page.next }
    this.isAsked = true
  }
}
