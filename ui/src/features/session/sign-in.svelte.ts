// Signing in, unlocking, and opening with the PIN or the recovery code.
import type { DemoAccount, StartStage } from '../../lib/api'
import type { Desk } from '../../lib/desk.svelte'
import { Work } from '../../lib/work.svelte'

export class SignIn {
  readonly #desk: Desk
  user = $state('')
  password = $state('')
  code = $state('')
  /** Whoever has forgotten the PIN, or gets no line, opens with the recovery code. */
  withCode = $state(false)
  readonly work = new Work<unknown>()
  /** The browser is open at the municipality's login. */
  inBrowser = $state(false)

  constructor(desk: Desk) {
    this.#desk = desk
    const first = this.demo[0]
    if (first && desk.stage === 'sign_in') this.choose(first.user_name)
  }

  get demo(): DemoAccount[] {
    return this.#desk.stage === 'sign_in' ? (this.#desk.start?.demo_accounts ?? []) : []
  }

  /** What is asked for. */
  get asks(): StartStage | null {
    const stage = this.#desk.stage
    return this.withCode && (stage === 'pin' || stage === 'lease') ? 'recovery' : stage
  }

  useCode(): void {
    this.withCode = true
    this.work.clear()
  }

  choose(user: string): void {
    this.user = user
    this.password = this.demo.find((account) => account.user_name === user)?.password ?? ''
  }

  get offersBrowser(): boolean {
    const stage = this.#desk.stage
    return (stage === 'sign_in' || stage === 'locked') && (this.#desk.start?.browser_sign_in ?? false)
  }

  async signInInBrowser(): Promise<void> {
    this.inBrowser = true
    const done = await this.work.run(() => this.#desk.call('browser_sign_in', null))
    this.inBrowser = false
    if (done) await this.#desk.refresh()
  }

  async cancelBrowser(): Promise<void> {
    await this.#desk.call('browser_sign_in_cancel', null)
  }

  async submit(): Promise<void> {
    const desk = this.#desk
    const user = this.user
    const asks = this.asks
    const done = await this.work.run(async () => {
      if (asks === 'pin') await desk.call('pin_open', { secret: this.password })
      else if (asks === 'lease') await desk.call('lease_renew', null)
      else if (asks === 'recovery') await desk.call('recover', { secret: this.code.trim() })
      else if (asks === 'locked') await desk.call('session_unlock', { secret: this.password })
      else await desk.call('sign_in', { user_name: user.trim(), password: this.password })
      return true
    })
    this.password = ''
    if (done) await desk.refresh()
    else if (this.demo.length) this.choose(user)
  }
}
