import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'

/** Styles are written in the pixels of a window of 1024×768. Stations' pages grow with their window, so lengths are
 * delivered in the root's size, which is 16 px there. What is drawn as a line keeps its pixels. */
const growing = {
  postcssPlugin: 'growing',
  Declaration(declaration: { value: string }) {
    declaration.value = declaration.value.replace(/(\d*\.?\d+)px\b/g, (length, px: string) => (Number(px) > 2 ? `${Number(px) / 16}rem` : length))
  },
}

export default defineConfig({
  plugins: [vue()],
  // Relative addresses: the same files are served by the shells' own protocol and below a path of the hub.
  base: './',
  test: { environment: './tests/client.ts' },
  // Tests hold the words against ../docs.
  server: { fs: { allow: ['..'] } },
  css: { postcss: { plugins: [growing] } },
  build: {
    // WebView2 and WebKitGTK of the oldest supported systems.
    target: ['chrome111', 'safari16.4'],
    modulePreload: { polyfill: false },
    rollupOptions: { input: { pos: 'pos.html', wms: 'wms.html', hq: 'hq.html' } },
  },
})
