/** Sent when the person did something since the page last asked: a page that only shows itself anew keeps no session open. */
export const ACTED = 'suanpan-acted'

/** Whoever has just opened the page did that. */
let acted = true

if (typeof window === 'object') {
  for (const act of ['pointerdown', 'keydown']) window.addEventListener(act, () => (acted = true), { capture: true })
}

/** What the next request says of it. */
export function takeActed(): Record<string, string> {
  const told = acted
  acted = false
  return told ? { [ACTED]: '1' } : {}
}
