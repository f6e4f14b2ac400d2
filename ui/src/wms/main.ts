import { createApp } from 'vue'

import '../kit/base.css'
import { stationKey } from '../kit/station'
import { listen } from '../kit/surface'
import { tauriHost } from '../platform/tauri'
import App from './App.vue'
import { connect } from './desk'

const desk = connect(tauriHost())
listen(desk.settled)
createApp(App).provide(stationKey, desk).mount('#app')
