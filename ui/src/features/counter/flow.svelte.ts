// One citizen at the desk: what is typed, saved as typed, and how far the six steps have come.
// The rules live in the core; this class asks it what is shown, what is missing and what may happen next.
import { tick } from 'svelte'
import type {
  AttachmentView, CaseView, Commands, ContinuedCase, CprCheck, Decision, DraftCheck, FieldProblem, FieldValueOf, FieldView, FormView, IdSeen, KnownCitizen
} from '../../lib/api'
import type { Desk } from '../../lib/desk.svelte'
import { asCallError, type CallError } from '../../lib/backend'
import { t } from '../../lib/texts'
import { errorText, Work } from '../../lib/work.svelte'

/** Steps 1 to 5 are the draft's; step 6 belongs to the case. */
export const LAST_DRAFT_STEP = 5
const PAUSE_MS = 350
/** How long until a save that failed is tried again by itself. */
const RETRY_MS = 3000
/** The draft's own note of which fields the look-up filled in, so that they go with the number they came from. */
const FILLED = 'filled_from_known'
/** Why the draft waits; asked when it is parked. */
export const WAITS_FOR = 'waits_for'
export const WAITS_NOTE = 'waits_note'

export class Flow {
  readonly desk: Desk
  readonly id: string
  step = $state(1)
  fields: Record<string, FieldValueOf> = $state({})
  form: FormView | null = $state.raw(null)
  shown: ReadonlySet<string> = $state.raw(new Set<string>())
  required: ReadonlySet<string> = $state.raw(new Set<string>())
  attachments: AttachmentView[] = $state.raw([])
  /** The open case this adds to; nothing for a new request. */
  case: ContinuedCase | null = $state.raw(null)
  /** When and by whom the ID was seen, as the core has it. */
  idSeen: IdSeen | null = $state.raw(null)
  check: DraftCheck | null = $state.raw(null)
  problems: FieldProblem[] = $state.raw([])
  /** Grows with each failed attempt, so that the summary takes focus again. */
  round = $state(0)
  cpr: CprCheck | null = $state.raw(null)
  known: KnownCitizen | null = $state.raw(null)
  readonly loading = new Work<unknown>()
  readonly work = new Work<unknown>()
  readonly attaching = new Work<AttachmentView | null>()
  readonly explaining = new Work<DraftCheck>()
  readonly revealing = new Work<unknown>()
  /** A protected address is kept and was not sent: it is shown by a logged click. */
  #addressKept = $state(false)
  /** It was typed or uncovered on this step. */
  #addressOpen = $state(false)
  #timer: ReturnType<typeof setTimeout> | null = null
  #saving: Promise<boolean> = Promise.resolve(true)
  #dirty = $state(false)
  /** Why the last save failed; nothing goes on from an older draft. */
  #failure: CallError | null = null
  /** Discarded or decided: there is no draft to write any more. */
  #closed = false
  #onScreen = false
  #looking = 0

  constructor(desk: Desk, id: string) {
    this.desk = desk
    this.id = id
  }

  /** Whether something typed is not in the store yet. */
  get unsaved(): boolean {
    return this.#dirty
  }

  /** On screen, anew or again: after a lock what was typed is still here and is saved before anything else. */
  async load(): Promise<void> {
    this.#onScreen = true
    this.desk.unsaved.set(this.id, this)
    if (this.form && this.#dirty) {
      await this.save()
      await this.enter()
      return
    }
    await this.loading.run(async () => {
      const draft = await this.desk.call('draft_open', { id: this.id })
      this.form = await this.desk.call('form_view', { id: this.id })
      this.fields = draft.fields as Record<string, FieldValueOf>
      this.#addressKept = draft.address_hidden
      this.#addressOpen = false
      this.attachments = draft.attachments
      this.case = draft.case
      this.idSeen = draft.id_seen
      this.shown = new Set(this.form.shown)
      this.required = new Set(this.form.required)
      this.step = Math.min(draft.step, LAST_DRAFT_STEP)
      await this.enter()
      // Where one sits may warrant a warning before anything is typed.
      if (this.step < LAST_DRAFT_STEP) void this.#refreshWarnings()
      return true
    })
  }

  /** Off the screen: saved, or kept until it is. */
  leave(): void {
    this.#onScreen = false
    void this.save().then((saved) => {
      if (saved && !this.#onScreen) this.desk.unsaved.delete(this.id)
    })
  }

  text(id: string): string {
    const value = this.fields[id]
    return typeof value === 'string' ? value : ''
  }

  flag(id: string): boolean {
    return this.fields[id] === true
  }

  /** The form's fields of a step that are there now, in the order of the form. */
  fieldsOf(step: number): FieldView[] {
    return this.form?.fields.filter((field) => field.step === step && this.shown.has(field.id)) ?? []
  }

  field(id: string): FieldView | undefined {
    return this.form?.fields.find((field) => field.id === id && this.shown.has(id))
  }

  errorAt(id: string): string | undefined {
    return this.problems.find((problem) => problem.field === id)?.at_field
  }

  /** A number at the desk is looked at as soon as it has all its digits. */
  setCpr(id: string, digits: string): void {
    const other = id === 'cpr' && digits !== this.#digits()
    if (other) this.#clearFilled()
    this.set(id, digits)
    if (id === 'cpr') {
      this.#looking += 1
      this.known = null
      this.cpr = null
      if (digits.length === 10) void this.lookAtCpr()
    }
  }

  set(id: string, value: FieldValueOf): void {
    if (id === 'citizen_address') this.#addressOpen = true
    if (this.#filled().includes(id)) this.fields[FILLED] = this.#filled().filter((filled) => filled !== id)
    this.fields[id] = value
    this.problems = this.problems.filter((problem) => problem.field !== id)
    const typed = typeof value === 'string' && this.field(id)?.kind !== 'choice'
    this.#saveIn(typed ? PAUSE_MS : 0)
  }

  /** Whether the address stands behind a click: protected, and not typed or uncovered just now. */
  get addressMasked(): boolean {
    return this.#addressKept || (this.flag('address_protected') && this.text('citizen_address') !== '' && !this.#addressOpen)
  }

  /** Uncovers the protected address; the core logs it. */
  async revealAddress(): Promise<void> {
    await this.revealing.run(async () => {
      await this.#whole()
      const shown = await this.desk.call('draft_reveal', { id: this.id })
      this.fields.citizen_address = shown.text
      this.#addressKept = false
      this.#addressOpen = true
      return true
    })
  }

  /** Whether the name on the page came from what we know of the number. */
  get filledFromKnown(): boolean {
    return this.#filled().includes('citizen_name')
  }

  #filled(): string[] {
    const filled = this.fields[FILLED]
    return Array.isArray(filled) ? filled : []
  }

  #fill(id: string, value: FieldValueOf): void {
    this.set(id, value)
    this.fields[FILLED] = [...this.#filled(), id]
  }

  /** What came from one number does not follow another; what was typed by hand stays. */
  #clearFilled(): void {
    if (this.#filled().includes('citizen_address')) this.#addressKept = false
    for (const id of this.#filled()) this.fields[id] = typeof this.fields[id] === 'boolean' ? false : ''
    this.fields[FILLED] = []
  }

  #digits(): string {
    return this.text('cpr').replace(/\D/g, '')
  }

  #saveIn(pause: number): void {
    this.#dirty = true
    this.#stopTimer()
    this.#timer = setTimeout(() => void this.save(), pause)
  }

  #stopTimer(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
  }

  /** Ticks every flag whose id begins so, or takes all of them away when all are set. */
  tickAll(prefix: string): void {
    const flags = this.fieldsOf(this.step).filter((field) => field.kind === 'flag' && field.id.startsWith(prefix))
    const all = flags.every((field) => this.flag(field.id))
    for (const field of flags) this.set(field.id, !all)
  }

  warns(code: string): boolean {
    return this.check?.warnings.includes(code) ?? false
  }

  /** Whether the core would let an exemption be granted as things stand. */
  get mayGrant(): boolean {
    return this.check?.proof.outcome === 'met'
  }

  /** Warnings follow what is typed; they never stop anyone, so nobody waits for them. */
  async #refreshWarnings(): Promise<void> {
    const check = await this.desk.call('draft_check', { id: this.id, step: this.step }).catch(() => null)
    if (check) this.check = check
  }

  /** Writes what is typed; one write at a time, the last one always holds everything. False when it is not in the store. */
  save(): Promise<boolean> {
    return this.#store(true)
  }

  #store(warn: boolean): Promise<boolean> {
    this.#stopTimer()
    this.#saving = this.#saving.then(() => this.#write(warn))
    return this.#saving
  }

  async #write(warn: boolean): Promise<boolean> {
    if (this.#closed || !this.#dirty) return true
    this.#dirty = false
    this.desk.saving = { state: 'saving' }
    try {
      const saved = await this.desk.call('draft_save', { id: this.id, step: this.step, fields: $state.snapshot(this.fields) as never })
      this.#failure = null
      this.shown = new Set(saved.shown)
      this.required = new Set(saved.required)
      if (saved.id_seen || !this.flag('id_checked')) this.idSeen = saved.id_seen
      this.desk.saved(saved.saved_at)
      if (this.#onScreen && warn) void this.#refreshWarnings()
      else if (!this.#onScreen && !this.#dirty) this.desk.unsaved.delete(this.id)
      return true
    } catch (problem) {
      this.#failure = asCallError(problem)
      this.desk.saving = { state: 'failed', message: errorText(this.#failure) }
      // Behind a lock it waits for the lock to open; a draft that is gone is not written again.
      const waits = ['session_locked', 'not_signed_in', 'draft_not_found'].includes(this.#failure.code)
      if (waits) this.#dirty = true
      else this.#saveIn(RETRY_MS)
      return false
    }
  }

  /** Saved to the last character, or the reason it is not: nothing goes on from an older draft. The core does one thing
      at a time, and whoever calls this asks it something at once: no check of the warnings goes before that. */
  async #whole(): Promise<void> {
    if (!(await this.#store(false))) throw this.#failure ?? { code: 'internal', params: {}, reference: '' }
  }

  /** Goes on, when everything up to here holds; otherwise says what is missing. */
  async next(): Promise<void> {
    if (this.work.working || this.step >= LAST_DRAFT_STEP) return
    await this.work.run(async () => {
      await this.#whole()
      const check = await this.desk.call('draft_check', { id: this.id, step: this.step })
      this.check = check
      this.problems = check.problems
      if (check.problems.length > 0) {
        const first = Math.min(...check.problems.map((problem) => problem.step))
        if (first < this.step) await this.go(first)
        this.problems = check.problems.filter((problem) => problem.step === this.step)
        await tick()
        this.round += 1
        return
      }
      // What the last step asks for on its way in was answered just now.
      this.#open(this.step + 1)
      void this.#store(false)
      if (this.step === 2) void this.lookAtCpr()
    })
  }

  async back(): Promise<void> {
    if (this.step > 1) await this.go(this.step - 1)
    else this.desk.router.go({ name: 'start' })
  }

  async go(step: number): Promise<void> {
    this.#open(step)
    await this.save()
    await this.enter()
  }

  /** Brings a step on screen; it is stored with the next write. */
  #open(step: number): void {
    if (step > this.step) {
      // Going on: it no longer waits for what it was parked for.
      delete this.fields[WAITS_FOR]
      delete this.fields[WAITS_NOTE]
    }
    this.step = step
    this.#addressOpen = false
    this.problems = []
    this.#dirty = true
  }

  /** What a step needs to know when it comes on screen. */
  async enter(): Promise<void> {
    if (this.step === 2) await this.lookAtCpr()
    if (this.step === LAST_DRAFT_STEP) await this.explain()
  }

  async explain(): Promise<void> {
    const check = await this.explaining.run(() => this.desk.call('draft_check', { id: this.id, step: 4 }))
    if (check) this.check = check
  }

  /** Looks at the number as it is typed; what we know of the person comes only after the ID step. An answer about a
      number that no longer stands there counts for nothing. */
  async lookAtCpr(): Promise<void> {
    const round = ++this.#looking
    const digits = this.#digits()
    const overtaken = () => round !== this.#looking || digits !== this.#digits()
    this.known = null
    this.cpr = null
    if (digits.length < 10) return
    const cpr = await this.desk.call('cpr_check', { cpr: digits }).catch(() => null)
    if (overtaken()) return
    this.cpr = cpr
    if (!cpr || cpr.problem) return
    // The core looks up the number it has stored: it must be this one.
    if (!(await this.save()) || overtaken()) return
    const known = await this.desk.call('citizen_known', { id: this.id }).catch(() => null)
    if (overtaken()) return
    this.known = known
    if (!known?.shown) return
    if (known.name && !this.text('citizen_name')) this.#fill('citizen_name', known.name)
    if (known.address_protected && !this.flag('address_protected')) this.#fill('address_protected', true)
    if (known.address_hidden) {
      // The core put it into the draft; here it stands behind the click that shows it.
      delete this.fields.citizen_address
      this.#addressKept = true
      this.fields[FILLED] = [...this.#filled(), 'citizen_address']
      this.#saveIn(0)
    }
    if (known.address && !this.#addressKept && !this.text('citizen_address')) this.#fill('citizen_address', known.address)
    await this.save()
  }

  async attach(purpose: string): Promise<void> {
    const file = await this.attaching.run(async () => {
      await this.#whole()
      return this.desk.call('attach', { draft_id: this.id, case_id: null, purpose, path: null })
    })
    if (file) {
      // One scan may stand for two papers.
      this.attachments = [...this.attachments.filter((known) => known.digest !== file.digest || known.purpose !== file.purpose), file]
      this.desk.saved(file.added_at)
    }
  }

  async signOnScreen(png: string): Promise<void> {
    const file = await this.attaching.run(async () => {
      await this.#whole()
      return this.desk.call('screen_signature', { draft_id: this.id, png_base64: png })
    })
    if (file) {
      this.attachments = [...this.attachments.filter((known) => known.purpose !== file.purpose), file]
      this.desk.saved(file.added_at)
    }
  }

  /** Decides; the draft becomes a case. Gives the case, or nothing when the core refused. */
  async decide(decision: Decision, noConflict: boolean): Promise<CaseView | undefined> {
    const decided = await this.work.run(async () => {
      await this.#whole()
      return this.desk.call('decide', { draft_id: this.id, case_id: null, decision, no_conflict_of_interest: noConflict } as Commands['decide']['request'])
    })
    if (decided) {
      this.#close()
      this.desk.saved()
    } else if (this.work.error?.code === 'invalid_fields') await this.#mark(this.work.error)
    else if (this.case && ['case_changed', 'already_decided'].includes(this.work.error?.code ?? '')) await this.#catchUp()
    return decided as CaseView | undefined
  }

  /** Somebody changed the case meanwhile: what they recorded comes into the fields, what was typed here stays. */
  async #catchUp(): Promise<void> {
    const draft = await this.desk.call('draft_open', { id: this.id }).catch(() => null)
    if (!draft) return
    this.fields = draft.fields as Record<string, FieldValueOf>
    this.#addressKept = draft.address_hidden
    this.#addressOpen = false
    this.attachments = draft.attachments
    this.case = draft.case
    const form = await this.desk.call('form_view', { id: this.id }).catch(() => null)
    if (form) {
      this.form = form
      this.shown = new Set(form.shown)
      this.required = new Set(form.required)
    }
    this.work.clear()
    await this.enter()
  }

  /** The core named fields: they are marked, and the first step that has one comes on screen. */
  async #mark(error: CallError): Promise<void> {
    const check = await this.desk.call('draft_check', { id: this.id, step: 4 }).catch(() => null)
    const found = check?.problems ?? []
    const named = error.params.field ?? ''
    const field = this.field(named)
    const problems =
      found.some((problem) => problem.field === named) || !field
        ? found
        : [...found, { field: named, step: field.step, code: error.params.problem ?? '', summary: t('problem.wrong_type', { label: field.label }), at_field: t('problem_at_field.wrong_type') }]
    if (!problems.length) return
    const first = Math.min(...problems.map((problem) => problem.step))
    if (first !== this.step) await this.go(first)
    this.problems = problems.filter((problem) => problem.step === first)
    await tick()
    this.round += 1
  }

  /** Where the note of a parking is kept while it is written. */
  get parkPlace(): string {
    return `${this.id}/park`
  }

  /** Leaves the draft for later, with what it waits for. */
  async park(waitsFor: string, note: string): Promise<void> {
    const parked = await this.work.run(async () => {
      this.fields[WAITS_FOR] = waitsFor
      this.fields[WAITS_NOTE] = note.trim()
      this.#dirty = true
      await this.#whole()
      return true
    })
    if (!parked) return
    this.desk.typed.clear(this.parkPlace)
    this.desk.router.go({ name: 'start' })
  }

  async discard(): Promise<void> {
    this.#stopTimer()
    const before = this.#dirty
    this.#dirty = false
    const gone = await this.work.run(async () => {
      await this.#saving
      return this.desk.call('draft_delete', { id: this.id })
    })
    if (!gone) {
      if (before) this.#saveIn(RETRY_MS)
      return
    }
    this.#close()
    this.desk.discarded = this.id
    this.desk.router.go({ name: 'start' })
  }

  #close(): void {
    this.#closed = true
    this.#dirty = false
    this.#stopTimer()
    this.desk.unsaved.delete(this.id)
    this.desk.typed.clear(this.parkPlace)
  }
}
