// Finding cases: lists of open work need no purpose, looking for a person does.
import type { CaseRowView } from '../../lib/api'
import type { Desk } from '../../lib/desk.svelte'
import { Work } from '../../lib/work.svelte'

export class CaseSearch {
  readonly #desk: Desk
  query = $state('')
  filter = $state('open')
  /** What the rows were found with. */
  purpose: string | null = $state(null)
  rows: CaseRowView[] = $state.raw([])
  next: string | null = $state(null)
  total: number | null = $state(null)
  asking = $state(false)
  readonly work = new Work<boolean>()

  constructor(desk: Desk) {
    this.#desk = desk
  }

  /** A new search; a purpose given for one search does not carry over to the next. */
  search(): Promise<void> {
    this.purpose = null
    return this.#read(false)
  }

  more(): Promise<void> {
    return this.#read(true)
  }

  choose(purpose: string): Promise<void> {
    this.asking = false
    this.purpose = purpose
    return this.#read(false)
  }

  async #read(on: boolean): Promise<void> {
    await this.work.run(async () => {
      const page = await this.#desk.call('case_list', {
        query: this.query.trim(), filter: this.filter, after: on ? this.next : null, purpose: this.purpose
      })
      this.rows = on ? [...this.rows, ...page.rows] : page.rows
      this.next = page.next
      this.total = page.total
      return true
    })
    if (this.work.error?.code === 'purpose_missing') {
      this.work.clear()
      this.asking = true
    }
  }
}
