// One piece of work the window waits for: idle, working, failed or done. Every button and list that
// asks the core for something shows one of these four.
import { asCallError, type CallError } from './backend'
import { say } from './texts'

export type WorkState = 'idle' | 'working' | 'failed' | 'done'

export class Work<T = unknown> {
  state: WorkState = $state('idle')
  error: CallError | null = $state(null)
  value: T | null = $state.raw(null)
  #round = 0

  /** Runs the work. A newer run makes an older one's answer count for nothing. */
  async run(task: () => Promise<T>): Promise<T | undefined> {
    const round = ++this.#round
    this.state = 'working'
    this.error = null
    try {
      const value = await task()
      if (round === this.#round) {
        this.value = value
        this.state = 'done'
      }
      return value
    } catch (problem) {
      if (round === this.#round) {
        this.error = asCallError(problem)
        this.state = 'failed'
      }
      return undefined
    }
  }

  get working(): boolean {
    return this.state === 'working'
  }

  /** The error in words that say what to do; empty when there is none. */
  get message(): string {
    return this.error ? errorText(this.error) : ''
  }

  clear(): void {
    this.#round++
    this.state = 'idle'
    this.error = null
    this.value = null
  }
}

/** The words for an error of the core. */
export function errorText(error: CallError): string {
  const words = say(`error.${error.code}`, { ...error.params, reference: error.reference ?? '–' })
  return words === `error.${error.code}` ? say('error.internal', { reference: error.reference ?? error.code }) : words
}
