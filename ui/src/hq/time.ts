/** A moment on this computer's clock, `HH:MM:SS`. */
export function localTime(ms: number): string {
  return new Date(ms).toLocaleTimeString('zh-CN', { hour12: false })
}
