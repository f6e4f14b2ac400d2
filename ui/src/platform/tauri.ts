import { invoke } from '@tauri-apps/api/core'
import { listen } from '@tauri-apps/api/event'

import type { Host } from './host'

/** The station in the same process. */
export function tauriHost<View, Command, Reply>(): Host<View, Command, Reply> {
  return {
    call: (command) => invoke('call', { command }),
    onView: (show) => void hear(show),
    onCloseAsked: (ask) => void listen('close-asked', ask),
  }
}

/** After an answer that did not come. */
const AGAIN_MS = 1000

/** Asks for the next picture again and again; each answer comes when there is one that was not heard. */
async function hear<View>(show: (view: View) => void): Promise<never> {
  for (let heard = 0; ; ) {
    const told = await invoke<[number, View]>('news', { heard }).catch(() => null)
    if (told) {
      heard = told[0]
      show(told[1])
    } else {
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS))
    }
  }
}
