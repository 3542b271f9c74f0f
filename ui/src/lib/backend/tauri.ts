// The only file that knows Tauri.
import { invoke } from '@tauri-apps/api/core'
import { listen } from '@tauri-apps/api/event'
import type { CommandName, Commands, SyncView } from '../api'
import { asCallError, type Backend } from './index'

export const tauriBackend: Backend = {
  async call<K extends CommandName>(name: K, request: Commands[K]['request']): Promise<Commands[K]['answer']> {
    try {
      return await invoke<Commands[K]['answer']>(name, request === null ? {} : { request })
    } catch (problem) {
      throw asCallError(problem)
    }
  },
  async onSync(heard: (status: SyncView) => void): Promise<() => void> {
    return listen<SyncView>('sync', ({ payload }) => heard(payload))
  }
}
