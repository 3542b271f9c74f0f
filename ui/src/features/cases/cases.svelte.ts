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
  #round = 0
  /** What the rows on the page were asked for with. */
  #asked: { query: string; filter: string; purpose: string | null } | null = null

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

  /** The newest question alone is answered; what is shown further goes on with the question it began with. */
  async #read(on: boolean): Promise<void> {
    const round = ++this.#round
    const asked = on && this.#asked ? this.#asked : { query: this.query.trim(), filter: this.filter, purpose: this.purpose }
    await this.work.run(async () => {
      const page = await this.#desk.call('case_list', { ...asked, after: on ? this.next : null })
      if (round !== this.#round) return false
      this.#asked = asked
      this.rows = on ? [...this.rows, ...page.rows] : page.rows
      this.next = page.next
      this.total = page.total
      return true
    })
    if (round === this.#round && this.work.error?.code === 'purpose_missing') {
      this.work.clear()
      this.asking = true
    }
  }
}
