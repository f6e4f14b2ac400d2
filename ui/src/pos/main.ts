import { createApp } from 'vue'

import '../kit/base.css'
import { stationKey } from '../kit/station'
import { listen } from '../kit/surface'
import { tauriHost } from '../platform/tauri'
import App from './App.vue'
import { remap } from './keymap'
import { connect } from './till'

declare global {
  interface Window {
    /** A till's own keys (`keys.json` of its data folder), put here by the shell before the page runs. */
    suanpanKeys?: Record<string, string>
  }
}

const till = connect(tauriHost())
listen(till.settled)
createApp(App, { keymap: remap(window.suanpanKeys ?? {}) })
  .provide(stationKey, till)
  .mount('#app')
