// Enrolling this computer at the municipality's central store, with the address and the one-time code from IT.
import type { Enrolled } from '../../lib/api'
import type { Desk } from '../../lib/desk.svelte'
import { t } from '../../lib/texts'
import { Work } from '../../lib/work.svelte'

/** The field an error is about; every other error stands above both. */
const fieldOf: Record<string, string> = {
  server_address_invalid: 'enrol_server',
  server_not_found: 'enrol_server',
  not_a_skranke_server: 'enrol_server',
  enrolment_code_mistyped: 'enrol_code',
  enrolment_code_wrong: 'enrol_code',
  enrolment_code_used: 'enrol_code',
  enrolment_code_expired: 'enrol_code',
  municipality_unknown: 'enrol_code'
}

export class Enrolment {
  readonly #desk: Desk
  server = $state('')
  code = $state('')
  lacking: { field: string; message: string }[] = $state.raw([])
  round = $state(0)
  readonly work = new Work<Enrolled>()

  constructor(desk: Desk, server = '') {
    this.#desk = desk
    this.server = server
  }

  get errors(): { field: string; message: string }[] {
    if (this.lacking.length) return this.lacking
    const field = fieldOf[this.work.error?.code ?? '']
    return field ? [{ field, message: this.work.message }] : []
  }

  /** What went wrong and is about neither field. */
  get problem(): string {
    return this.work.error && !this.errors.length ? this.work.message : ''
  }

  errorOf(field: string): string | undefined {
    return this.errors.find((error) => error.field === field)?.message
  }

  async submit(): Promise<Enrolled | undefined> {
    const fields: [string, string, string][] = [
      ['enrol_server', this.server, t('enrol.server')],
      ['enrol_code', this.code, t('enrol.code')]
    ]
    this.lacking = fields.filter(([, value]) => !value.trim()).map(([field, , label]) => ({ field, message: t('problem.required', { label }) }))
    const done = this.lacking.length ? undefined : await this.work.run(() => this.#desk.call('enrol', { server: this.server.trim(), code: this.code.trim() }))
    this.round++
    if (!done) return undefined
    this.code = ''
    return done
  }
}
