import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

export default defineConfig({
  plugins: [vue()],
  // Relative addresses: the same files are served by the shells' own protocol and below a path of the hub.
  base: './',
  build: {
    // WebView2 and WebKitGTK of the oldest supported systems.
    target: ['chrome111', 'safari16.4'],
    modulePreload: { polyfill: false },
    rollupOptions: { input: { pos: 'pos.html', wms: 'wms.html', hq: 'hq.html' } },
  },
})
