// Under vitest Svelte must resolve to its browser build, or `mount` is not available.
import type { Plugin } from 'vite'

export function svelteTesting(): Plugin {
  return {
    name: 'svelte-testing-conditions',
    config() {
      return process.env.VITEST ? { resolve: { conditions: ['browser'] } } : {}
    }
  }
}
