import { invoke } from '@tauri-apps/api/core'
import { listen } from '@tauri-apps/api/event'

import type { Host } from './host'

/** The station in the same process. */
export const tauriHost: Host = {
  call: (command) => invoke('call', { command }),
  onView: (show) => void listen('view', (event) => show(event.payload as Parameters<typeof show>[0])),
  onCloseAsked: (ask) => void listen('close-asked', ask),
}
