import { createApp } from 'vue'

import '../kit/base.css'
import { listen } from '../kit/surface'
import { connect, tillKey } from '../kit/till'
import { tauriHost } from '../platform/tauri'
import App from './App.vue'

listen()
createApp(App).provide(tillKey, connect(tauriHost)).mount('#app')
