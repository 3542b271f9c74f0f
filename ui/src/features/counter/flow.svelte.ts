// One citizen at the desk: what is typed, saved as typed, and how far the six steps have come.
// The rules live in the core; this class asks it what is shown, what is missing and what may happen next.
import { tick } from 'svelte'
import type {
  AttachmentView, CaseView, Commands, CprCheck, Decision, DraftCheck, FieldProblem, FieldValueOf, FieldView, FormView, KnownCitizen
} from '../../lib/api'
import type { Desk } from '../../lib/desk.svelte'
import { asCallError } from '../../lib/backend'
import { errorText, Work } from '../../lib/work.svelte'

/** Steps 1 to 5 are the draft's; step 6 belongs to the case. */
export const LAST_DRAFT_STEP = 5
const PAUSE_MS = 350

export class Flow {
  readonly desk: Desk
  readonly id: string
  step = $state(1)
  fields: Record<string, FieldValueOf> = $state({})
  form: FormView | null = $state.raw(null)
  shown: ReadonlySet<string> = $state.raw(new Set<string>())
  required: ReadonlySet<string> = $state.raw(new Set<string>())
  attachments: AttachmentView[] = $state.raw([])
  check: DraftCheck | null = $state.raw(null)
  problems: FieldProblem[] = $state.raw([])
  /** Grows with each failed attempt, so that the summary takes focus again. */
  round = $state(0)
  cpr: CprCheck | null = $state.raw(null)
  known: KnownCitizen | null = $state.raw(null)
  filledFromKnown = $state(false)
  readonly loading = new Work<unknown>()
  readonly work = new Work<unknown>()
  readonly attaching = new Work<AttachmentView | null>()
  #timer: ReturnType<typeof setTimeout> | null = null
  #saving: Promise<void> = Promise.resolve()
  #dirty = false

  constructor(desk: Desk, id: string) {
    this.desk = desk
    this.id = id
  }

  async load(): Promise<void> {
    await this.loading.run(async () => {
      const draft = await this.desk.call('draft_open', { id: this.id })
      this.form = await this.desk.call('form_view', { id: this.id })
      this.fields = draft.fields as Record<string, FieldValueOf>
      this.attachments = draft.attachments
      this.shown = new Set(this.form.shown)
      this.required = new Set(this.form.required)
      this.step = Math.min(draft.step, LAST_DRAFT_STEP)
      await this.enter()
      return true
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
    this.set(id, digits)
    if (id === 'cpr') {
      this.known = null
      this.cpr = null
      if (digits.length === 10) void this.lookAtCpr()
    }
  }

  set(id: string, value: FieldValueOf): void {
    this.fields[id] = value
    this.problems = this.problems.filter((problem) => problem.field !== id)
    this.#dirty = true
    const typed = typeof value === 'string' && this.field(id)?.kind !== 'choice'
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.save(), typed ? PAUSE_MS : 0)
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

  /** Writes what is typed; one write at a time, the last one always holds everything. */
  save(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
    this.#saving = this.#saving.then(async () => {
      if (!this.#dirty) return
      this.#dirty = false
      this.desk.saving = { state: 'saving' }
      try {
        const saved = await this.desk.call('draft_save', { id: this.id, step: this.step, fields: $state.snapshot(this.fields) as never })
        this.shown = new Set(saved.shown)
        this.required = new Set(saved.required)
        this.desk.saved(saved.saved_at)
        void this.#refreshWarnings()
      } catch (problem) {
        this.#dirty = true
        this.desk.saving = { state: 'failed', message: errorText(asCallError(problem)) }
      }
    })
    return this.#saving
  }

  /** Goes on, when everything up to here holds; otherwise says what is missing. */
  async next(): Promise<void> {
    if (this.work.working || this.step >= LAST_DRAFT_STEP) return
    await this.work.run(async () => {
      await this.save()
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
      await this.go(this.step + 1)
    })
  }

  async back(): Promise<void> {
    if (this.step > 1) await this.go(this.step - 1)
    else this.desk.router.go({ name: 'start' })
  }

  async go(step: number): Promise<void> {
    this.step = step
    this.problems = []
    this.#dirty = true
    await this.save()
    await this.enter()
  }

  /** What a step needs to know when it comes on screen. */
  async enter(): Promise<void> {
    if (this.step === 2) await this.lookAtCpr()
    if (this.step === LAST_DRAFT_STEP) await this.explain()
  }

  async explain(): Promise<void> {
    this.check = await this.desk.call('draft_check', { id: this.id, step: 4 })
  }

  /** Looks at the number as it is typed; what we know of the person comes only after the ID step. */
  async lookAtCpr(): Promise<void> {
    const digits = this.text('cpr')
    this.known = null
    this.cpr = null
    if (digits.replace(/\D/g, '').length < 10) return
    this.cpr = await this.desk.call('cpr_check', { cpr: digits }).catch(() => null)
    if (!this.cpr || this.cpr.problem) return
    await this.save()
    this.known = await this.desk.call('citizen_known', { id: this.id }).catch(() => null)
    const known = this.known
    if (!known?.shown) return
    if (known.name && !this.text('citizen_name')) {
      this.filledFromKnown = true
      this.set('citizen_name', known.name)
    }
    if (known.address_protected && !this.flag('address_protected')) this.set('address_protected', true)
    if (known.address && !this.text('citizen_address')) this.set('citizen_address', known.address)
    await this.save()
  }

  async attach(purpose: string): Promise<void> {
    await this.save()
    const file = await this.attaching.run(() =>
      this.desk.call('attach', { draft_id: this.id, case_id: null, purpose, path: null })
    )
    if (file) {
      this.attachments = [...this.attachments.filter((known) => known.digest !== file.digest), file]
      this.desk.saved(file.added_at)
    }
  }

  async signOnScreen(png: string): Promise<void> {
    await this.save()
    const file = await this.attaching.run(() => this.desk.call('screen_signature', { draft_id: this.id, png_base64: png }))
    if (file) {
      const signed = file as AttachmentView
      this.attachments = [...this.attachments.filter((known) => known.purpose !== signed.purpose), signed]
      this.desk.saved(signed.added_at)
    }
  }

  /** Decides; the draft becomes a case. Gives the case, or nothing when the core refused. */
  async decide(decision: Decision, noConflict: boolean): Promise<CaseView | undefined> {
    await this.save()
    const decided = await this.work.run(() =>
      this.desk.call('decide', { draft_id: this.id, case_id: null, decision, no_conflict_of_interest: noConflict } as Commands['decide']['request'])
    )
    if (decided) this.desk.saved()
    return decided as CaseView | undefined
  }

  async park(): Promise<void> {
    this.#dirty = true
    await this.save()
    if (this.desk.saving.state !== 'failed') this.desk.router.go({ name: 'start' })
  }

  async discard(): Promise<void> {
    await this.work.run(() => this.desk.call('draft_delete', { id: this.id }))
    if (!this.work.error) this.desk.router.go({ name: 'start' })
  }
}
