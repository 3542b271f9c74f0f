// A backend that answers with what the real core answered once, and remembers what it was asked.
// The window tests drive the real core; here only the page is under test.
import type { CommandName, Commands, SyncView } from '../src/lib/api'
import type { Backend, CallError } from '../src/lib/backend'
import { answers } from './fixtures/answers'

type Answers = { [K in CommandName]?: Commands[K]['answer'] | ((request: Commands[K]['request']) => Commands[K]['answer'] | Promise<Commands[K]['answer']>) }

/** How the records stand to the central store, where nothing is wrong. */
export const onTheLine: SyncView = {
  configured: true, online: true, cases: 31, confirmed: 29, waiting: 2, quarantined: 0, confirmed_at: '2026-11-21T06:00:00.000Z', problem: '', reference: '', profile: 'demo@1', progress: null, sent: 0, now: ''
}

export interface Asked {
  name: CommandName
  request: unknown
}

export class RecordedCore implements Backend {
  readonly asked: Asked[] = []
  readonly answers: Answers
  #hears: (status: SyncView) => void = () => undefined

  constructor(changes: Answers = {}) {
    this.answers = {
      start_state: answers.start_ready,
      settings: answers.settings,
      settings_save: answers.settings,
      rule_library: answers.rule_library,
      worklist: answers.worklist,
      draft_new: answers.draft,
      draft_open: answers.draft,
      draft_save: { saved_at: '2026-11-21T06:00:00.000Z', shown: answers.form.shown, required: answers.form.required, id_seen: null },
      form_view: answers.form,
      draft_check: answers.check,
      cpr_check: answers.cpr,
      citizen_known: answers.known,
      case_list: answers.cases,
      case_show: answers.case,
      tick: answers.case,
      note_add: answers.case,
      staff_list: answers.staff,
      typed_kept: [],
      typed_keep: { saved_at: '2026-11-21T06:00:00.000Z' },
      printers: [],
      sync_status: onTheLine,
      session_lock: null,
      sign_out: null,
      ...changes
    }
  }

  call<K extends CommandName>(name: K, request: Commands[K]['request']): Promise<Commands[K]['answer']> {
    this.asked.push({ name, request: structuredClone(request) })
    if (!(name in this.answers)) return Promise.reject(refusal('not_found'))
    const answer = this.answers[name]
    try {
      const value = typeof answer === 'function' ? (answer as (request: unknown) => unknown)(request) : answer
      // An answer that is long in coming.
      if (value instanceof Promise) return value as Promise<Commands[K]['answer']>
      return Promise.resolve(structuredClone(value) as Commands[K]['answer'])
    } catch (problem) {
      return Promise.reject(problem)
    }
  }

  /** The shell tells by itself how the records stand. */
  tell(status: SyncView): void {
    this.#hears(status)
  }

  onSync(heard: (status: SyncView) => void): Promise<() => void> {
    this.#hears = heard
    return Promise.resolve(() => undefined)
  }

  /** The requests of one command, in order. */
  of(name: CommandName): unknown[] {
    return this.asked.filter((asked) => asked.name === name).map((asked) => asked.request)
  }
}

export function refusal(code: string, params: Record<string, string> = {}): CallError {
  return { code, params, reference: 'ref-1' }
}

/** A promise the test settles when it wants to. */
export function later<T>(): { answer: Promise<T>; give: (value: T) => void } {
  let give: (value: T) => void = () => undefined
  const answer = new Promise<T>((resolve) => (give = resolve))
  return { answer, give }
}

export { answers }
