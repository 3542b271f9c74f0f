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
  /** How many cases the list on the page leaves out. */
  notShown = $state(0)
  /** One's own open cases alone are shown, since nobody said why. */
  ownOnly = $state(false)
  asking = $state(false)
  /** The list was come to with the arrow keys and is not shown before somebody says why. */
  waiting = $state(false)
  readonly work = new Work<boolean>()
  #round = 0
  /** What the rows on the page were asked for with. */
  #asked: { query: string; filter: string; purpose: string | null } | null = null

  /** The filter of the rows on the page. */
  shown = $state('open')

  constructor(desk: Desk) {
    this.#desk = desk
  }

  /** A new search; a purpose given for one search does not carry over to the next. */
  search(): Promise<void> {
    this.purpose = null
    return this.#read(false)
  }

  /** A list passed with the arrow keys: shown where nobody need say why, and nobody is asked. */
  async pass(): Promise<void> {
    this.purpose = null
    await this.#read(false, () => (this.waiting = true))
  }

  /** The arrow keys came to rest: who stays at a list that must be explained is asked. */
  settle(): void {
    if (!this.waiting) return
    this.waiting = false
    this.asking = true
  }

  more(): Promise<void> {
    return this.#read(true)
  }

  /** Every case there is; asks why. */
  all(): Promise<void> {
    this.query = ''
    this.filter = 'all'
    return this.search()
  }

  /** Nobody said why: what is on the page stays. */
  leave(): void {
    this.asking = false
    if (this.#asked) this.filter = this.#asked.filter
  }

  choose(purpose: string): Promise<void> {
    this.asking = false
    this.purpose = purpose
    return this.#read(false)
  }

  /** The newest question alone is answered; what is shown further goes on with the question it began with. */
  async #read(on: boolean, needsPurpose = () => { this.asking = true }): Promise<void> {
    const round = ++this.#round
    this.waiting = false
    const asked = on && this.#asked ? this.#asked : { query: this.query.trim(), filter: this.filter, purpose: this.purpose }
    await this.work.run(async () => {
      const page = await this.#desk.call('case_list', { ...asked, after: on ? this.next : null })
      if (round !== this.#round) return false
      this.#asked = asked
      this.shown = asked.filter
      this.rows = on ? [...this.rows, ...page.rows] : page.rows
      this.next = page.next
      this.total = page.total
      this.notShown = page.not_shown
      this.ownOnly = page.own_only
      return true
    })
    if (round === this.#round && this.work.error?.code === 'purpose_missing') {
      this.work.clear()
      needsPurpose()
    }
  }
}
