// Starts the window.
import { mount } from 'svelte'
import App from './App.svelte'
import { tauriBackend } from './lib/backend/tauri'
import './styles/base.css'
import './lib/fds/fields.css'

const target = document.getElementById('app')
if (target) mount(App, { target, props: { backend: tauriBackend } })
