/** Pause between two characters beyond which a person, not a scanner, presses the keys, milliseconds. */
export const GAP_MS = 80
/** Fewer characters than this before Enter are typed, however fast. */
const SCAN_LEN_MIN = 4
/** A burst this long is a scan even when the scanner sends nothing after it. */
const BARE_SCAN_LEN_MIN = 8
/** The longest text a command carries; what comes after it is dropped, and the station refuses the length. */
export const SCAN_LEN_MAX = 10_000

export interface Listener {
  /** One scanner burst, without its closing Enter or Tab. */
  scan(text: string): void
  /** One key that a person pressed. */
  key(key: string): void
}

/**
 * Tells a scanner that types like a keyboard from a person. Characters are held until a pause shows whose they are, so a
 * burst never presses a button, a dialog or a tender, and its Enter is eaten. Times are passed in, milliseconds.
 */
export class Wedge {
  #held = ''
  #lastAt = -Infinity
  #scannedAt = -Infinity

  constructor(private readonly listener: Listener) {}

  /** Whether characters are held: then {@link quiet} must be called {@link GAP_MS} after the last. */
  get waiting(): boolean {
    return this.#held !== ''
  }

  /** A key: one character, or a name such as `Enter`. `person`: it is on no scanner, such as the number pad's plus. */
  press(key: string, at: number, person = false): void {
    if (this.waiting && at - this.#lastAt > GAP_MS) this.quiet()
    if (key === 'Enter' || key === 'Tab') return this.#end(key, at)
    if (key.length !== 1 || person) {
      this.#release()
      return this.listener.key(key)
    }
    this.#lastAt = at
    if (this.#held.length < SCAN_LEN_MAX + 1) this.#held += key
  }

  /** Nothing came for {@link GAP_MS}. */
  quiet(): void {
    if (this.#held.length >= BARE_SCAN_LEN_MIN) this.#scan(this.#lastAt)
    else this.#release()
  }

  #end(key: string, at: number): void {
    if (this.#held.length >= SCAN_LEN_MIN) return this.#scan(at)
    // Some scanners close with two keys, such as Enter and Tab.
    if (!this.waiting && at - this.#scannedAt <= GAP_MS) return
    this.#release()
    this.listener.key(key)
  }

  #scan(at: number): void {
    const text = this.#held.slice(0, SCAN_LEN_MAX)
    this.#held = ''
    this.#scannedAt = at
    this.listener.scan(text)
  }

  #release(): void {
    const keys = this.#held
    this.#held = ''
    for (const key of keys) this.listener.key(key)
  }
}

/**
 * The same for an editable field, whose characters cannot be held because an input method needs them: it says afterwards
 * that a burst was a scan, and the field takes back its text from before it.
 */
export class FieldWedge {
  #burst = ''
  #before = ''
  #lastAt = -Infinity

  /** A key pressed while the field holds `value`. Returns the scan that this Enter or Tab ends, and the field's own text. */
  press(key: string, at: number, value: string): { scan: string; value: string } | null {
    const together = at - this.#lastAt <= GAP_MS
    if ((key === 'Enter' || key === 'Tab') && together && this.#burst.length >= SCAN_LEN_MIN) {
      const scan = this.#burst.slice(0, SCAN_LEN_MAX)
      this.#burst = ''
      return { scan, value: this.#before }
    }
    if (!together || key.length !== 1) {
      this.#burst = ''
      this.#before = value
    }
    if (key.length === 1 && this.#burst.length <= SCAN_LEN_MAX) this.#burst += key
    this.#lastAt = at
    return null
  }
}
