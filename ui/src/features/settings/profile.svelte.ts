// The municipality's set-up while an administrator edits it: what was typed, what is wrong with it, what it changes.
import type { EditionRef, ProfileChange, ProfileCheck, ProfileEdit, ProfileEdited, ProfileFieldProblem, ProfileView } from '../../lib/api'
import type { Desk } from '../../lib/desk.svelte'
import { t } from '../../lib/texts'
import { Work } from '../../lib/work.svelte'

/** Where the typed text is kept while it is written: it is there again after a lock or another page. */
const place = 'profile'
/** And the reason of the edit. */
const reasonPlace = 'profile-reason'

/** The lists of a profile, each with its empty entry. */
export const fresh = {
  locations: () => ({ code: '', name: '', from: '', until: '' }),
  closing_days: () => ({ on: '', name: '' }),
  id_kinds: () => ({ code: '', label: '' })
}
export type ListName = keyof typeof fresh

/** The id on the page of a field of the core: `locations.2.from` stands at `profile-locations-2-from`. */
export function idOf(field: string): string {
  return `profile-${field.replaceAll('.', '-')}`
}

export class SetUp {
  readonly #desk: Desk
  view: ProfileView | null = $state.raw(null)
  edit: ProfileEdit | null = $state(null)
  /** The edition the typed text was made from, and its text: after a restore of the server its number may be another's. */
  base = $state.raw({ based_on: 0, digest: '' })
  problems: ProfileFieldProblem[] = $state.raw([])
  changes: ProfileChange[] = $state.raw([])
  round = $state(0)
  reviewing = $state(false)
  reasonError = $state('')
  notice = $state('')
  readonly loading = new Work<ProfileView>()
  readonly checking = new Work<ProfileCheck>()
  readonly fetching = new Work<ProfileEdit>()
  readonly saving = new Work<ProfileView>()

  constructor(desk: Desk) {
    this.#desk = desk
  }

  async load(): Promise<void> {
    const view = await this.loading.run(() => this.#desk.call('profile_show', null))
    if (!view) return
    this.#show(view)
    const kept = this.#desk.typed.of(place)
    if (kept) {
      // What an earlier program kept names the number alone.
      const { based_on, digest = '', edit } = JSON.parse(kept) as Omit<ProfileEdited, 'digest'> & { digest?: string }
      this.base = { based_on, digest }
      this.edit = edit
    }
  }

  #show(view: ProfileView): void {
    this.view = view
    this.edit = structuredClone(view.edit)
    this.#buildOn(view)
    this.problems = []
  }

  #buildOn(view: ProfileView): void {
    this.base = { based_on: view.edition, digest: view.digest }
  }

  /** Keeps what is typed; nothing where nothing differs from the version in use. */
  keep(): void {
    if (!this.edit || !this.view) return
    const typed = JSON.stringify(this.edit)
    if (typed === JSON.stringify(this.view.edit)) this.#clearTyped()
    else this.#desk.typed.set(place, JSON.stringify({ ...this.base, edit: $state.snapshot(this.edit) }))
  }

  /** Why the edit is made. */
  get reason(): string {
    return this.#desk.typed.of(reasonPlace)
  }

  because(reason: string): void {
    this.#desk.typed.set(reasonPlace, reason)
  }

  get touched(): boolean {
    return this.#desk.typed.of(place) !== ''
  }

  errorOf(field: string): string | undefined {
    return this.problems.find((problem) => problem.field === field)?.at_field
  }

  add(list: ListName): void {
    // Each list takes the entries of its own name.
    ;(this.edit?.[list] as unknown[] | undefined)?.push(fresh[list]())
    this.problems = []
  }

  remove(list: ListName, at: number): void {
    this.edit?.[list].splice(at, 1)
    // The numbers of the fields have moved.
    this.problems = []
  }

  discard(): void {
    if (this.view) this.#show(this.view)
    this.notice = ''
    this.saving.clear()
    this.#clearTyped()
  }

  /** Looks at what is wrong and what would change, before anything is saved. */
  async review(): Promise<void> {
    if (!this.edit) return
    this.notice = ''
    this.saving.clear()
    const request = { ...this.base, edit: $state.snapshot(this.edit) as ProfileEdit }
    const found = await this.checking.run(() => this.#desk.call('profile_check', request))
    if (!found) return
    this.problems = found.problems
    this.changes = found.changes
    this.round++
    if (!found.problems.length && !found.changes.length) this.notice = t('profile.review_none')
    this.reviewing = !found.problems.length && found.changes.length > 0
  }

  async save(): Promise<void> {
    if (!this.edit) return
    this.reasonError = this.reason.trim() ? '' : t('error.reason_missing')
    if (this.reasonError) return
    const edit = $state.snapshot(this.edit) as ProfileEdit
    const request = { ...this.base, edit, reason: this.reason.trim() }
    const saved = await this.saving.run(() => this.#desk.call('profile_save', request))
    if (saved) {
      this.#show(saved)
      this.#forget()
      this.notice = t('profile.saved', { version: saved.version })
      this.#desk.saved()
      await this.#desk.readSettings()
    } else if (this.saving.error?.code === 'profile_changed') {
      await this.#rebase()
    }
  }

  /** Somebody else was first: what was typed goes on top of what they saved, and is looked at again. */
  async #rebase(): Promise<void> {
    if (!this.edit) return
    const request = { ...this.base, edit: $state.snapshot(this.edit) as ProfileEdit }
    const view = await this.loading.run(() => this.#desk.call('profile_rebase', request))
    if (!view) return
    const merged = view.edit
    const newest = await this.loading.run(() => this.#desk.call('profile_show', null))
    this.view = newest ?? view
    this.edit = structuredClone(merged)
    this.#buildOn(view)
    this.problems = []
    this.reviewing = false
    this.notice = t('profile.rebased')
    this.keep()
  }

  #forget(): void {
    this.#clearTyped()
    this.reviewing = false
  }

  #clearTyped(): void {
    this.#desk.typed.clear(place)
    this.#desk.typed.clear(reasonPlace)
  }

  /** Puts an earlier version, or one that was lost, into the fields; it is saved like any edit. */
  async goBack({ edition, digest }: EditionRef, version: string): Promise<void> {
    const edit = await this.fetching.run(() => this.#desk.call('profile_edition', { edition, digest }))
    if (!edit || !this.view) return
    this.edit = edit
    this.#buildOn(this.view)
    this.because(t('profile.go_back_reason', { version }))
    this.problems = []
    this.keep()
    await this.review()
    if (!this.notice) this.notice = t('profile.went_back', { version })
  }
}
