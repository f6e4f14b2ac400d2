import { createApp } from 'vue'

import '../kit/base.css'
import { listen } from '../kit/surface'
import { connect, tillKey } from '../kit/till'
import { tauriHost } from '../platform/tauri'
import App from './App.vue'
import { remap } from './keymap'

declare global {
  interface Window {
    /** A till's own keys (`keys.json` of its data folder), put here by the shell before the page runs. */
    suanpanKeys?: Record<string, string>
  }
}

const till = connect(tauriHost)
listen(till.settled)
createApp(App, { keymap: remap(window.suanpanKeys ?? {}) })
  .provide(tillKey, till)
  .mount('#app')
