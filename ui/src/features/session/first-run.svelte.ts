// The first start of Skranke on a computer: municipality, first administrator, and the recovery code,
// which is shown once.
import type { ProfileChoice } from '../../lib/api'
import type { Desk } from '../../lib/desk.svelte'
import { t } from '../../lib/texts'
import { Work } from '../../lib/work.svelte'
import { Enrolment } from './enrolment.svelte'

const shortestPassword = 10

export class FirstRun {
  readonly #desk: Desk
  /** Alone is set up in three steps; at the central store the first and the last are enough. */
  way: 'server' | 'alone' = $state('server')
  step = $state(1)
  profile = $state('')
  location = $state('')
  name = $state('')
  user = $state('')
  initials = $state('')
  password = $state('')
  servesAtCounter = $state(true)
  recoveryCode = $state('')
  typedEnd = $state('')
  errors: { field: string; message: string }[] = $state.raw([])
  round = $state(0)
  readonly work = new Work<unknown>()
  readonly enrolment: Enrolment

  constructor(desk: Desk) {
    this.#desk = desk
    this.enrolment = new Enrolment(desk)
    this.profile = this.profiles[0]?.code ?? ''
    this.location = this.profiles[0]?.locations[0]?.code ?? ''
  }

  get profiles(): ProfileChoice[] {
    return this.#desk.start?.profiles ?? []
  }

  get chosen(): ProfileChoice | undefined {
    return this.profiles.find((profile) => profile.code === this.profile)
  }

  choose(profile: string): void {
    this.profile = profile
    this.location = this.chosen?.locations[0]?.code ?? ''
  }

  errorOf(field: string): string | undefined {
    return this.errors.find((error) => error.field === field)?.message
  }

  #refuse(errors: { field: string; message: string }[]): boolean {
    this.errors = errors
    this.round++
    return errors.length > 0
  }

  #empty(fields: [string, string, string][]): boolean {
    return this.#refuse(
      fields
        .filter(([, value]) => !value.trim())
        .map(([field, , label]) => ({ field, message: t('problem.required', { label }) }))
    )
  }

  async #enrol(): Promise<void> {
    const done = await this.enrolment.submit()
    if (!done) return
    this.recoveryCode = done.recovery_code
    this.step = 3
  }

  async next(): Promise<void> {
    if (this.step === 1 && this.way === 'server') await this.#enrol()
    else if (this.step === 1) {
      if (!this.#empty([['profile', this.profile, t('first_run.municipality_label')], ['location', this.location, t('first_run.location_label')]])) this.step = 2
    } else if (this.step === 2) {
      const lacking = this.#empty([
        ['administrator_name', this.name, t('first_run.administrator_name')],
        ['administrator_initials', this.initials, t('first_run.administrator_initials')],
        ['administrator_user', this.user, t('first_run.administrator_user')],
        ['administrator_password', this.password, t('first_run.administrator_password')]
      ])
      if (lacking) return
      if (this.password.length < shortestPassword) {
        this.#refuse([{ field: 'administrator_password', message: t('error.password_too_short', { minimum: shortestPassword }) }])
        return
      }
      await this.#create()
    } else {
      if (this.typedEnd.trim().toUpperCase() !== this.recoveryCode.slice(-4).toUpperCase()) {
        this.#refuse([{ field: 'recovery_end', message: t('window.recovery_end_wrong') }])
        return
      }
      this.recoveryCode = ''
      await this.#desk.refresh()
    }
  }

  async #create(): Promise<void> {
    const made = await this.work.run(() =>
      this.#desk.call('first_run', {
        profile: this.profile,
        location: this.location,
        name: this.name.trim(),
        initials: this.initials.trim(),
        user_name: this.user.trim(),
        password: this.password,
        serves_at_counter: this.servesAtCounter
      })
    )
    if (made) {
      this.recoveryCode = (made as { recovery_code: string }).recovery_code
      this.password = ''
      this.step = 3
    }
  }

  back(): void {
    this.errors = []
    if (this.step === 2) this.step = 1
  }

  /** Prints the page itself; its print style shows the recovery code alone. */
  print(): void {
    window.print()
  }
}
