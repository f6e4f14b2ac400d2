import { invoke } from '@tauri-apps/api/core'
import { listen } from '@tauri-apps/api/event'

import type { Host } from './host'

/** The station in the same process. */
export function tauriHost<View, Command, Reply>(): Host<View, Command, Reply> {
  return {
    call: (command) => invoke('call', { command }),
    onView: (show) => void listen('view', (event) => show(event.payload as View)),
    onCloseAsked: (ask) => void listen('close-asked', ask),
  }
}
