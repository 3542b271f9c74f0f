// What the whole window shares: the way to the core, where we are, who is signed in, and whether
// what was typed is saved. Handed down by context; there is no other shared state.
import { getContext, setContext } from 'svelte'
import { SvelteMap } from 'svelte/reactivity'
import type { CommandName, Commands, SessionView, SettingsView, StartStage, StartState, SyncView } from './api'
import { asCallError, type Backend } from './backend'
import { danishDay } from './format'
import { Keyboard } from './keys.svelte'
import { Router, type Route } from './router.svelte'
import { t } from './texts'
import { Typed } from './typed.svelte'
import { errorText } from './work.svelte'

export type Saving = { state: 'saved'; at: string } | { state: 'saving' } | { state: 'failed'; message: string }

/** Work that is kept until it is in the store, also when its page is gone behind a lock. */
export interface Unsaved {
  readonly unsaved: boolean
  save(): Promise<boolean>
}

const key = Symbol('desk')
/** How soon data that another program holds are asked for again. */
const AGAIN_MS = 2000
/** Errors after which the store is no longer open: the window shows why at once. */
const closing = new Set(['database_damaged', 'device_wiped', 'lease_ended', 'clock_set_back', 'pin_needed'])

export class Desk {
  readonly #backend: Backend
  readonly router = new Router()
  readonly keyboard = new Keyboard()
  start: StartState | null = $state.raw(null)
  settings: SettingsView | null = $state.raw(null)
  #sync: SyncView | null = $state.raw(null)
  #day = $state('')
  saving: Saving = $state.raw({ state: 'saved', at: '' })
  helpOpen = $state(false)
  /** Cases that lack a tick, for the number in the rail. */
  unfinished = $state(0)
  startError = $state('')
  /** Why the page could not be locked, or nobody was signed out; empty when it went as it was asked. */
  notLeft = $state('')
  /** By draft; gone when whoever typed it signs out. */
  readonly unsaved = new SvelteMap<string, Unsaved>()
  /** What is typed into dialogs and notes and belongs to no draft. */
  readonly typed: Typed
  /** The draft that was discarded last, until the start screen is left. */
  discarded = $state('')
  /** Whether the core is being opened, or opened again. */
  working = $state(false)
  /** Whose work the window holds. */
  #whose = ''
  #stop: (() => void) | null = null
  #timer: ReturnType<typeof setInterval> | null = null
  #beginning: Promise<void> | null = null
  /** Another program holds the data. */
  #isInUse = false

  constructor(backend: Backend) {
    this.#backend = backend
    this.typed = new Typed(this)
  }

  call<K extends CommandName>(name: K, request: Commands[K]['request']): Promise<Commands[K]['answer']> {
    return this.#backend.call(name, request).catch((problem: unknown) => {
      // The core locks by itself too: then the window shows it at once.
      const { code } = asCallError(problem)
      const isClosed = closing.has(code)
      const isLocked = this.stage === 'ready' && (code === 'session_locked' || code === 'not_signed_in')
      if ((isClosed || isLocked) && name !== 'start_state') void this.refresh()
      throw problem
    })
  }

  get stage(): StartStage | null {
    return this.start?.stage ?? null
  }

  get session(): SessionView | null {
    return this.start?.session ?? null
  }

  /** How the records stand to the central store. */
  get sync(): SyncView | null {
    return this.#sync
  }

  /** Now, to the minute, by the clock that what people do is dated by: this computer's own may be wrong. */
  get now(): string {
    return this.#sync?.now || new Date().toISOString()
  }

  /** The day by the same clock: a state of its own, so that what shows it is not drawn anew with each answer. */
  get today(): string {
    return this.#day || new Date().toISOString().slice(0, 10)
  }

  may(act: string): boolean {
    return this.session?.acts.includes(act) ?? false
  }

  /** Where the window is. Who receives no citizen begins with the cases, and who sees no case with the settings. */
  get route(): Route {
    const asked = this.router.route
    if (!this.session || this.may('capture')) return asked
    if (!this.may('read_case')) return asked.name === 'profile' ? asked : { name: 'settings' }
    return asked.name === 'start' ? { name: 'cases' } : asked
  }

  /** Asks the core where we stand, then keeps the status line true; whoever asks meanwhile waits for the same. */
  begin(quietly = false): Promise<void> {
    this.#beginning ??= this.#begin(quietly).finally(() => (this.#beginning = null))
    return this.#beginning
  }

  async #begin(quietly: boolean): Promise<void> {
    this.end()
    this.working = !quietly
    await this.refresh()
    this.working = false
    if (this.startError) {
      // The other Skranke may close any moment, and one that was ended by force may hold the data a little longer.
      if (this.#isInUse) this.#timer = setTimeout(() => void this.begin(true), AGAIN_MS)
      return
    }
    this.#stop = await this.#backend.onSync((status) => this.hearSync(status)).catch(() => null)
    this.#timer = setInterval(() => void this.refreshSync(), 2000)
  }

  end(): void {
    this.#stop?.()
    if (this.#timer) clearInterval(this.#timer)
  }

  /** Reads the stage again: after first run, sign-in, lock, unlock and sign-out. */
  async refresh(): Promise<void> {
    try {
      this.enter(await this.call('start_state', null))
      this.startError = ''
    } catch (problem) {
      const error = asCallError(problem)
      this.#isInUse = error.code === 'database_locked'
      this.startError = errorText(error)
      return
    }
    if (this.stage === 'ready') {
      void this.readSettings()
      void this.refreshSync()
    }
  }

  enter(start: StartState): void {
    // Behind a closed store nobody is known, and whoever locked the screen may come back.
    const whose = start.session?.staff_id ?? (start.stage === 'sign_in' ? '' : this.#whose)
    const other = whose !== this.#whose
    if (start.stage !== this.stage) {
      // What stood over the last page has nothing to do with this one.
      this.helpOpen = false
      this.notLeft = ''
    }
    this.#whose = whose
    this.start = start
    this.#day = start.today
    if (start.stage === 'sign_in' || other) {
      this.router.reset()
      this.unsaved.clear()
      this.typed.forget()
      this.discarded = ''
    }
    if (start.stage === 'ready') {
      if (other) void this.typed.load()
      void this.#saveAll()
    }
    if (start.stage === 'sign_in') this.saving = { state: 'saved', at: '' }
  }

  /** Reads the lists one chooses from. They are shared by every page; what is typed is not touched by it. */
  async readSettings(): Promise<void> {
    await this.call('settings', null).then(
      (settings) => this.useSettings(settings),
      () => undefined
    )
  }

  useSettings(settings: SettingsView): void {
    this.settings = settings
    applyTheme(settings.theme)
  }

  async refreshSync(): Promise<void> {
    if (this.stage !== 'ready') return
    try {
      this.hearSync(await this.call('sync_status', null))
    } catch {
      // The line keeps its last truth; the next round tries again.
    }
  }

  /** Whoever told it: the shell, the poll or a button. */
  hearSync(status: SyncView): void {
    const before = this.#sync?.profile
    this.#sync = status
    if (status.now) this.#day = danishDay(status.now)
    // Another version of the municipality's set-up came: the lists follow without a restart.
    if (before !== undefined && before !== status.profile) void this.readSettings()
  }

  /** Something was durably written at this moment. */
  saved(at: string = this.now): void {
    this.saving = { state: 'saved', at }
    void this.refreshSync()
  }

  /** Whether something typed is not in the store: the lock must not say that it is. */
  get hasUnsaved(): boolean {
    return this.typed.unsaved || [...this.unsaved.values()].some((work) => work.unsaved)
  }

  async #saveAll(): Promise<void> {
    await Promise.all([this.typed, ...this.unsaved.values()].map((work) => work.save()))
  }

  async lock(): Promise<void> {
    await this.#saveAll()
    const refused = await this.#leave('session_lock')
    await this.refresh()
    if (this.stage === 'ready') this.notLeft = refused
  }

  /** Nobody walks away from an open page: where signing out fails the screen is locked, and the reason told. */
  async signOut(): Promise<void> {
    await this.#saveAll()
    const refused = await this.#leave('sign_out')
    if (refused && this.stage === 'ready') await this.#leave('session_lock')
    await this.refresh()
    if (this.stage !== 'sign_in') this.notLeft = refused && t('sign_in.not_signed_out', { why: refused })
  }

  /** Why it failed; empty when it did not. */
  #leave(how: 'session_lock' | 'sign_out'): Promise<string> {
    return this.call(how, null).then(
      () => '',
      (problem: unknown) => errorText(asCallError(problem))
    )
  }

  /** Somebody is at the desk: the core's own clock for the lock hears it too. */
  async stay(): Promise<void> {
    await this.call('session_stay', null).catch(() => undefined)
  }
}

/** Puts the chosen theme on the page; `system` follows the computer, its high contrast included. */
export function applyTheme(theme: string): void {
  const wants = (query: string) => typeof matchMedia === 'function' && matchMedia(query).matches
  const dark = wants('(prefers-color-scheme: dark)')
  const contrast = wants('(prefers-contrast: more)') || wants('(forced-colors: active)')
  const shown: Record<string, string> = {
    light: 'light',
    dark: 'dark',
    contrast: dark ? 'contrast-dark' : 'contrast',
    system: contrast ? (dark ? 'contrast-dark' : 'contrast') : dark ? 'dark' : 'light'
  }
  document.documentElement.dataset.theme = shown[theme] ?? shown.system
}

export function provideDesk(desk: Desk): Desk {
  return setContext(key, desk)
}

export function useDesk(): Desk {
  return getContext<Desk>(key)
}
