// Staff accounts of this municipality's store.
import type { StaffView } from '../../lib/api'
import type { Desk } from '../../lib/desk.svelte'
import { t } from '../../lib/texts'
import { errorText, Work } from '../../lib/work.svelte'

export const roles = ['counter', 'outreach', 'exemption_unit', 'lead', 'auditor', 'administrator']

export class Staff {
  readonly #desk: Desk
  rows: StaffView[] = $state.raw([])
  editing = $state(false)
  id: string | null = $state(null)
  user = $state('')
  name = $state('')
  initials = $state('')
  chosen: string[] = $state([])
  active = $state(true)
  password = $state('')
  errors: Record<string, string> = $state.raw({})
  readonly list = new Work<StaffView[]>()
  readonly saving = new Work<StaffView[]>()

  constructor(desk: Desk) {
    this.#desk = desk
  }

  async load(): Promise<void> {
    this.rows = (await this.list.run(() => this.#desk.call('staff_list', null))) ?? this.rows
  }

  edit(row: StaffView | null): void {
    this.id = row?.id ?? null
    this.user = row?.user_name ?? ''
    this.name = row?.name ?? ''
    this.initials = row?.initials ?? ''
    this.chosen = row ? [...row.roles] : ['counter']
    this.active = row?.active ?? true
    this.password = ''
    this.errors = {}
    this.saving.clear()
    this.editing = true
  }

  close(): void {
    this.editing = false
    this.password = ''
  }

  toggle(role: string, on: boolean): void {
    this.chosen = on ? [...this.chosen, role] : this.chosen.filter((known) => known !== role)
  }

  /** The field the core named, marked where it stands. */
  #mark(): void {
    const error = this.saving.error
    const fields: Record<string, string> = { user_name: 'staff_user', name: 'staff_name', initials: 'staff_initials', roles: 'staff_roles', password: 'staff_password' }
    const codes: Record<string, string> = { password_too_short: 'password', user_name_taken: 'user_name' }
    const field = error?.code === 'invalid_fields' ? fields[error.params.field ?? ''] : fields[codes[error?.code ?? ''] ?? '']
    if (error && field) this.errors = { [field]: error.code === 'invalid_fields' ? t('problem_at_field.wrong_type') : errorText(error) }
  }

  async save(): Promise<void> {
    const lacking: [string, string, string][] = [
      ['staff_name', this.name, t('label.name')],
      ['staff_initials', this.initials, t('window.staff_initials')],
      ['staff_user', this.user, t('window.staff_user')],
      ['staff_roles', this.chosen.join(''), t('window.staff_roles')],
      ['staff_password', this.id ? 'kept' : this.password, t('window.staff_password')]
    ]
    this.errors = Object.fromEntries(
      lacking.filter(([, value]) => !value.trim()).map(([id, , label]) => [id, t('problem.required', { label })])
    )
    if (Object.keys(this.errors).length) return
    const rows = await this.saving.run(() =>
      this.#desk.call('staff_save', {
        id: this.id, user_name: this.user.trim(), name: this.name.trim(), initials: this.initials.trim(), roles: [...this.chosen],
        active: this.active, password: this.password || null
      })
    )
    if (!rows) {
      this.#mark()
      return
    }
    this.rows = rows
    this.#desk.saved()
    this.close()
  }
}
