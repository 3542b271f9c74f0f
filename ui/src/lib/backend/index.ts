// How the window reaches the core. One interface; Tauri in the product, a fake in component tests.
import type { CommandName, Commands, SyncView } from '../api'

/** What the core says when it refuses or fails. The words come from the catalogue: `error.<code>`. */
export interface CallError {
  code: string
  params: Record<string, string>
  reference: string
}

export interface Backend {
  /** Runs one command of the core. Rejects with a `CallError`. */
  call<K extends CommandName>(name: K, request: Commands[K]['request']): Promise<Commands[K]['answer']>
  /** Hears how the records stand to the central store, until the result is called. */
  onSync(heard: (status: SyncView) => void): Promise<() => void>
}

export function isCallError(problem: unknown): problem is CallError {
  return typeof problem === 'object' && problem !== null && typeof (problem as CallError).code === 'string'
}

/** Whatever was thrown, as a `CallError`. A programming error becomes `internal` and keeps no content. */
export function asCallError(problem: unknown): CallError {
  if (isCallError(problem)) {
    return { code: problem.code, params: problem.params ?? {}, reference: problem.reference ?? '' }
  }
  if (import.meta.env.DEV) console.error(problem)
  return { code: 'internal', params: {}, reference: '' }
}
