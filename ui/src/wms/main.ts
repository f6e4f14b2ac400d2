import { createApp } from 'vue'

import '../kit/base.css'
import { listen } from '../kit/surface'
import { connect, tillKey } from '../kit/till'
import { tauriHost } from '../platform/tauri'
import App from './App.vue'

const till = connect(tauriHost)
listen(till.settled)
createApp(App).provide(tillKey, till).mount('#app')
