// Where the window is. A typed union instead of addresses: there is no address bar, and nothing
// about a citizen may stand in one.

export type Route =
  | { name: 'start' }
  | { name: 'counter'; draft: string }
  | { name: 'finish'; case: string }
  | { name: 'cases' }
  | { name: 'case'; case: string; purpose?: string }
  | { name: 'queue' }
  | { name: 'settings' }
  | { name: 'profile' }
  | { name: 'rules' }

export class Router {
  route: Route = $state({ name: 'start' })
  #before: Route[] = []

  go(route: Route): void {
    this.#before.push(this.route)
    if (this.#before.length > 50) this.#before.shift()
    this.route = route
  }

  /** Back to where one came from; the start when there is nothing before. */
  back(): void {
    this.route = this.#before.pop() ?? { name: 'start' }
  }

  /** Forgets everything, as after signing out. */
  reset(): void {
    this.#before = []
    this.route = { name: 'start' }
  }
}
