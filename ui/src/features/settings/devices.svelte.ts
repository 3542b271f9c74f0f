// The municipality's computers, and whose data one of them held.
import type { DeviceRow, DevicesView, HoldingRow, HoldingsPage, ListFormat, ListSaved } from '../../lib/api'
import type { Desk } from '../../lib/desk.svelte'
import { Work } from '../../lib/work.svelte'

export class Devices {
  readonly #desk: Desk
  view: DevicesView | null = $state.raw(null)
  /** The computer that is about to be shut out. */
  chosen: { row: DeviceRow; wipe: boolean } | null = $state.raw(null)
  readonly work = new Work<DevicesView>()

  /** The computer whose list is asked for. */
  asked: DeviceRow | null = $state.raw(null)
  purpose = $state('lost_device')
  held: HoldingRow[] = $state.raw([])
  total: number | null = $state(null)
  more = $state(false)
  readonly looking = new Work<HoldingsPage>()
  readonly keeping = new Work<ListSaved>()

  constructor(desk: Desk) {
    this.#desk = desk
  }

  async #read(task: () => Promise<DevicesView>): Promise<boolean> {
    const found = await this.work.run(task)
    if (found) this.view = found
    return !!found
  }

  load(): Promise<boolean> {
    return this.#read(() => this.#desk.call('device_list', null))
  }

  async revoke(reason: string): Promise<boolean> {
    if (!this.chosen) return false
    const { row, wipe } = this.chosen
    const done = await this.#read(() => this.#desk.call('device_revoke', { id: row.id, reason, wipe }))
    if (done) this.chosen = null
    return done
  }

  leave(): void {
    this.chosen = null
    this.work.clear()
  }

  ask(row: DeviceRow): void {
    // Each asking is one of its own, also twice about the same computer.
    this.asked = { ...row }
    this.held = []
    this.total = null
    this.looking.clear()
    this.keeping.clear()
  }

  /** The whole list in a file of one's choice. */
  async keep(format: ListFormat): Promise<void> {
    const row = this.asked
    if (!row || this.keeping.working) return
    await this.keeping.run(() => this.#desk.call('device_holdings_save', { id: row.id, purpose: this.purpose, format }))
  }

  /** The next page of whose data the computer held. */
  async look(): Promise<void> {
    const row = this.asked
    if (!row) return
    const after = this.held.at(-1)?.id ?? null
    const page = await this.looking.run(() => this.#desk.call('device_holdings', { id: row.id, purpose: this.purpose, after }))
    // A slow answer about one computer does not stand under another.
    if (!page || this.asked !== row) return
    this.held = [...this.held, ...page.rows]
    this.total = page.total ?? this.total
    this.more = page.more
  }
}
