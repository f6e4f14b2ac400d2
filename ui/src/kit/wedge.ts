/** Pause between two characters beyond which a person, not a scanner, presses the keys, milliseconds. */
export const GAP_MS = 80
/** Pause between two characters beyond which a hand may have pressed them, milliseconds: a scanner needs a fraction of it. */
const HAND_MS = 40
/** Of a scanner's pauses one in so many may be as long as a hand's, on a busy machine. */
const HANDS_APART = 3
/** A busy machine delivers one burst in parts this far apart, milliseconds; no hand goes from keys to scanner so fast. */
const STALL_MS = 500
/** Fewer characters than this before Enter are typed, however fast. */
const SCAN_LEN_MIN = 4
/** Parts shorter than a scan are one together when they are this long and one of them was no person's. */
const SCAN_IN_PARTS_LEN_MIN = 8
/** Ends a field of GS1 data (FNC1), whatever keys a scanner types for it. */
export const GS = '\x1d'
/** ] where it is typed with AltGr, with Ctrl or without: only what stands before it tells {@link GS} from the character. */
const ALT_GR_BRACKET = 'AltGr]'
/** The beginning of GS1 data, with or without the scanner's symbology identifier. */
const GS1_HEAD = /^(\][A-Za-z]\d)?01\d{14}/
/** What a hand types before it takes the scanner: a quantity and ×, or 结算. */
const BEFORE_SCAN = /^\d{0,4}[*+ ]$/
/** The longest text a command carries; what comes after it is dropped, and the station refuses the length. */
export const SCAN_LEN_MAX = 10_000

export interface Listener {
  /** One scanner burst, without its closing Enter or Tab. */
  scan(text: string): void
  /** One key that a person pressed. */
  key(key: string): void
}

/** Whether characters with so many pauses as long as a hand's came from a scanner. */
function isFast(characters: number, slow: number): boolean {
  return slow * HANDS_APART < characters
}

interface Given {
  text: string
  /** The longest run that a scanner may have typed. */
  run: number
  at: number
}

const NOTHING_GIVEN: Given = { text: '', run: 0, at: -Infinity }

/** What {@link ModifiedKeys} reads of a keyboard event. */
export interface ModifiedKey {
  key: string
  code: string
  ctrlKey: boolean
  altKey: boolean
  /** The right Alt key of many keyboards, which Windows reports as Ctrl and Alt together. */
  altGraph: boolean
}

/** Hears the characters that scanners type with Ctrl or Alt held: Ctrl+] for {@link GS}, or Alt and a number on the pad. */
export class ModifiedKeys {
  #digits = ''

  /** The character that a key makes with those held; null when it makes none, or none yet. */
  down({ key, code, ctrlKey, altKey, altGraph }: ModifiedKey): string | null {
    if (key === 'Alt') this.#digits = ''
    const digit = altKey ? /^Numpad(\d)$/.exec(code)?.[1] : undefined
    if (digit) this.#digits = (this.#digits + digit).slice(-4)
    if (altGraph && key === ']') return ALT_GR_BRACKET
    const isBracket = code === 'BracketRight' || /^[\]}\x1d]$/.test(key)
    return ctrlKey && isBracket ? GS : null
  }

  /** The character whose number was typed when the Alt key is let go; null for any other key, and what no code holds. */
  up(key: string): string | null {
    if (key !== 'Alt' || !this.#digits) return null
    const point = Number(this.#digits)
    this.#digits = ''
    const char = String.fromCharCode(point)
    return char === GS || (point > 0x20 && point < 0x7f) ? char : null
  }
}

/** A key as a part of the burst before it. Some scanners send F8 for {@link GS}. */
function inBurst(key: string, burst: string, gap: number): string {
  const parts = (key === 'F8' || key === ALT_GR_BRACKET) && gap <= GAP_MS && GS1_HEAD.test(burst)
  if (parts) return GS
  return key === ALT_GR_BRACKET ? ']' : key
}

/**
 * Tells a scanner that types like a keyboard from a person. Characters are held until a pause shows whose they are, so a
 * burst never presses a button, a dialog or a tender, and its Enter is eaten. Times are passed in, milliseconds.
 */
export class Wedge {
  #held = ''
  #slow = 0
  /** How many of them came before the last pause that may be a hand's. */
  #beforePause = 0
  #firstAt = -Infinity
  #lastAt = -Infinity
  #scannedAt = -Infinity
  /** Characters that a pause gave to the person, when the last of them came, and the longest run without a pause. */
  #given = NOTHING_GIVEN

  constructor(private readonly listener: Listener) {}

  /** Whether characters are held: then {@link quiet} must be called {@link GAP_MS} after the last. */
  get waiting(): boolean {
    return this.#held !== ''
  }

  /** A key: one character, or a name such as `Enter`. `person`: it is on no scanner, such as the number pad's plus. */
  press(pressed: string, at: number, person = false): void {
    const key = inBurst(pressed, this.#held, at - this.#lastAt)
    if (this.waiting && at - this.#lastAt > STALL_MS) this.quiet()
    if (key === 'Enter' || key === 'Tab') return this.#end(key, at)
    if (key.length !== 1 || person) return this.#tell(key)
    if (!this.waiting) [this.#firstAt, this.#slow, this.#beforePause] = [at, 0, 0]
    else if (at - this.#lastAt > HAND_MS) [this.#slow, this.#beforePause] = [this.#slow + 1, this.#held.length]
    this.#lastAt = at
    if (this.#held.length <= SCAN_LEN_MAX) this.#held += key
  }

  /** A person pressed a key that only the field heard: what came before it is no part of a burst. */
  forget(): void {
    this.#given = NOTHING_GIVEN
  }

  /** Nothing came for {@link GAP_MS}: what is held was typed. */
  quiet(): void {
    const { text, run } = this.#head()
    const given = { text: text + this.#held, run: Math.max(run, this.#fastRun()), at: this.#lastAt }
    // A sign, such as the plus of 结算, has done its work: only what was merely typed can be taken back.
    this.#given = /^\w*$/.test(given.text) ? given : NOTHING_GIVEN
    this.#release()
  }

  #end(key: string, at: number): void {
    this.#partTyped()
    const { text, run } = this.#head()
    const isInParts = run >= SCAN_LEN_MIN && text.length + this.#held.length >= SCAN_IN_PARTS_LEN_MIN
    if (this.waiting && (this.#fastRun() >= SCAN_LEN_MIN || isInParts)) return this.#scan(at)
    // Some scanners close with two keys, such as Enter and Tab.
    if (!this.waiting && at - this.#scannedAt <= GAP_MS) return
    this.#tell(key)
  }

  /** On a busy machine no pause was heard between what a hand typed and the scan after it. */
  #partTyped(): void {
    const [typed, scanned] = [this.#held.slice(0, this.#beforePause), this.#held.slice(this.#beforePause)]
    if (!BEFORE_SCAN.test(typed)) return
    this.#held = typed
    this.quiet()
    ;[this.#held, this.#slow] = [scanned, 0]
  }

  #scan(at: number): void {
    const text = this.#head().text + this.#held
    // The head of a burst that came in parts was taken for typing: it is taken back.
    for (let back = this.#held.length; back < text.length; back += 1) this.listener.key('Backspace')
    this.#held = ''
    this.#given = NOTHING_GIVEN
    this.#scannedAt = at
    this.listener.scan(text.slice(0, SCAN_LEN_MAX))
  }

  /** The held characters, if a scanner may have typed them. */
  #fastRun(): number {
    return isFast(this.#held.length, this.#slow) ? this.#held.length : 0
  }

  /** What was given away so shortly before the held characters that they may belong together. */
  #head(): Given {
    return this.#firstAt - this.#given.at <= STALL_MS ? this.#given : NOTHING_GIVEN
  }

  #tell(key: string): void {
    this.#release()
    this.#given = NOTHING_GIVEN
    this.listener.key(key)
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
  #slow = 0
  #before = ''
  #lastAt = -Infinity

  /** Whether a key only parts the fields of the burst that is coming in. */
  isSeparator(key: string, at: number): boolean {
    return inBurst(key, this.#burst, at - this.#lastAt) === GS
  }

  /** A key pressed while the field holds `value`. Returns the scan that this Enter or Tab ends, and the field's own text. */
  press(pressed: string, at: number, value: string): { scan: string; value: string } | null {
    const gap = at - this.#lastAt
    const key = inBurst(pressed, this.#burst, gap)
    this.#lastAt = at
    if (key === 'Enter' || key === 'Tab') return this.#end(gap)
    if (gap > STALL_MS || key.length !== 1) {
      this.#burst = ''
      this.#slow = 0
      this.#before = value
    } else if (gap > HAND_MS) this.#slow += 1
    if (key.length === 1 && this.#burst.length <= SCAN_LEN_MAX) this.#burst += key
    return null
  }

  #end(gap: number): { scan: string; value: string } | null {
    const isScan = gap <= GAP_MS && this.#burst.length >= SCAN_LEN_MIN && isFast(this.#burst.length, this.#slow)
    const scan = this.#burst.slice(0, SCAN_LEN_MAX)
    this.#burst = ''
    return isScan ? { scan, value: this.#before } : null
  }
}
