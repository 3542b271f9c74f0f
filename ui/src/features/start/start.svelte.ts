// The start screen: a new citizen by number, what is parked, and what still lacks a tick.
import type { CprCheck, Worklist } from '../../lib/api'
import type { Desk } from '../../lib/desk.svelte'
import { say, t } from '../../lib/texts'
import { Work } from '../../lib/work.svelte'

export class Start {
  readonly #desk: Desk
  cpr = $state('')
  check: CprCheck | null = $state.raw(null)
  problem = $state('')
  readonly list = new Work<Worklist>()
  readonly beginning = new Work<unknown>()

  constructor(desk: Desk) {
    this.#desk = desk
  }

  async load(): Promise<void> {
    const list = await this.list.run(() => this.#desk.call('worklist', null))
    if (list) this.#desk.unfinished = list.missing_ticks_total
  }

  /** Looks at the number alone; nobody is looked up before somebody was identified. */
  async typed(digits: string): Promise<void> {
    this.problem = ''
    this.check = null
    if (digits.length < 10) return
    const check = await this.#desk.call('cpr_check', { cpr: digits }).catch(() => null)
    if (this.cpr === digits) this.check = check
  }

  /** Why nobody can have the number that is typed; nothing where somebody can. */
  async #fault(): Promise<string> {
    if (this.cpr.length !== 10) return t('window.cpr_incomplete')
    const check = this.check ?? (await this.#desk.call('cpr_check', { cpr: this.cpr }))
    return check.problem ? say(`problem.${check.problem}`) : ''
  }

  /** Brings back the draft that was discarded a moment ago. */
  async restore(draft: string): Promise<void> {
    const back = await this.beginning.run(() => this.#desk.call('draft_restore', { id: draft }))
    if (back) this.#desk.router.go({ name: 'counter', draft })
  }

  /** Begins with the number typed, or without one when the citizen has none to give yet. */
  async begin(withNumber: boolean): Promise<void> {
    if (this.beginning.working) return
    await this.beginning.run(async () => {
      this.problem = withNumber ? await this.#fault() : ''
      if (this.problem) return
      const draft = await this.#desk.call('draft_new', null)
      if (withNumber) {
        const saved = await this.#desk.call('draft_save', { id: draft.id, step: 1, fields: { ...draft.fields, cpr: this.cpr } })
        this.#desk.saved(saved.saved_at)
      }
      this.cpr = ''
      this.#desk.router.go({ name: 'counter', draft: draft.id })
    })
  }
}
