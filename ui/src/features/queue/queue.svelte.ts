// The worklist of missing ticks, page by page.
import type { CaseRowView } from '../../lib/api'
import type { Desk } from '../../lib/desk.svelte'
import { Work } from '../../lib/work.svelte'

export class Queue {
  readonly #desk: Desk
  filter = $state('missing_ticks')
  rows: CaseRowView[] = $state.raw([])
  next: string | null = $state(null)
  total: number | null = $state(null)
  readonly work = new Work<boolean>()
  #round = 0

  constructor(desk: Desk) {
    this.#desk = desk
  }

  show(filter: string): Promise<void> {
    this.filter = filter
    return this.load()
  }

  load(): Promise<void> {
    return this.#read(false)
  }

  more(): Promise<void> {
    return this.#read(true)
  }

  async #read(on: boolean): Promise<void> {
    const round = ++this.#round
    const filter = this.filter
    await this.work.run(async () => {
      const page = await this.#desk.call('case_list', { query: '', filter, after: on ? this.next : null, purpose: null })
      // An answer to an older question would stand under the new filter.
      if (round !== this.#round) return false
      this.rows = on ? [...this.rows, ...page.rows] : page.rows
      this.next = page.next
      this.total = page.total
      if (filter === 'missing_ticks' && page.total != null) this.#desk.unfinished = page.total
      return true
    })
  }
}
