/** Two touches of one place within so long are a finger that bounced, or a double tap, milliseconds. */
const TWICE_MS = 400
/** A finger does not come down twice on the same pixel. */
const PLACE_PX = 24

export interface Touch {
  x: number
  y: number
  /** Milliseconds. */
  at: number
  /** What lies under the finger. */
  on: unknown
}

/**
 * Tells the second touch of a double tap that meets what the first one has brought there: a question's 是 where 刚好 was,
 * an item where a tender was. Two touches of one key are two.
 */
export class Touches {
  #last: Touch = { x: 0, y: 0, at: -Infinity, on: null }

  isStray(touch: Touch): boolean {
    const last = this.#last
    const isSamePlace = Math.hypot(touch.x - last.x, touch.y - last.y) <= PLACE_PX
    const stray = isSamePlace && touch.at - last.at < TWICE_MS && touch.on !== last.on
    if (!stray) this.#last = touch
    return stray
  }
}
