// Starts the window. The fake backend is for looking at the page without the core and exists in no
// production build.
import { mount } from 'svelte'
import App from './App.svelte'
import type { Backend } from './lib/backend'
import './styles/base.css'
import './lib/fds/fields.css'

declare const __FAKE_BACKEND__: boolean

async function backend(): Promise<Backend> {
  if (__FAKE_BACKEND__ && location.search.includes('fake')) {
    const { fakeBackend } = await import('./lib/backend/fake')
    return fakeBackend(new URLSearchParams(location.search))
  }
  const { tauriBackend } = await import('./lib/backend/tauri')
  return tauriBackend
}

const target = document.getElementById('app')
if (target) void backend().then((found) => mount(App, { target, props: { backend: found } }))
