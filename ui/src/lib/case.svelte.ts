// One case as the window works with it: read with a purpose where one is needed, changed by commands
// that each give the case back as it then stands.
import type { AttachmentView, CaseView, Commands, TickView } from './api'
import type { Desk } from './desk.svelte'
import { Work } from './work.svelte'

type CaseCommand = 'tick' | 'tick_undo' | 'register_look' | 'take_back' | 'conflict_resolve' | 'end_exemption' | 'death_undo' | 'extend' | 'merge' | 'merge_undo' | 'make_permanent' | 'note_add' | 'revoke_power_of_attorney' | 'decide'

export class OneCase {
  readonly desk: Desk
  readonly id: string
  purpose: string | null = $state(null)
  view: CaseView | null = $state.raw(null)
  readonly loading = new Work<CaseView>()
  readonly work = new Work<CaseView>()

  constructor(desk: Desk, id: string, purpose: string | null = null) {
    this.desk = desk
    this.id = id
    this.purpose = purpose
  }

  async load(): Promise<void> {
    const view = await this.loading.run(() => this.desk.call('case_show', { id: this.id, purpose: this.purpose }))
    if (view) this.view = view
  }

  /** The core wants to know why this person is looked at. */
  get asksPurpose(): boolean {
    return this.loading.error?.code === 'purpose_missing'
  }

  may(action: string): boolean {
    return this.view?.actions.includes(action) ?? false
  }

  tick(code: string): TickView | undefined {
    return this.view?.ticks.find((tick) => tick.tick === code)
  }

  async change<K extends CaseCommand>(name: K, request: Commands[K]['request']): Promise<boolean> {
    if (this.work.working) return false
    const view = await this.work.run(() => this.desk.call(name, request) as Promise<CaseView>)
    if (!view) return false
    this.view = view
    this.desk.saved()
    return true
  }

  /** Attaches a file that the person chooses; nothing where they turn back. */
  async attach(purpose: string, work: Work<AttachmentView | null>): Promise<void> {
    const file = await work.run(() => this.desk.call('attach', { draft_id: null, case_id: this.id, purpose, path: null }))
    if (!file) return
    this.desk.saved(file.added_at)
    await this.refresh()
  }

  /** Reads again after something else changed it, such as a paper that was printed. */
  async refresh(): Promise<void> {
    const view = await this.desk.call('case_show', { id: this.id, purpose: this.purpose ?? 'case_work' }).catch(() => null)
    if (view) this.view = view
  }
}
