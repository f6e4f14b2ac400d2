import type { PriceView } from '../bindings/PriceView'
import type { QuantityView } from '../bindings/QuantityView'

/** A typed amount or weight has at most this many digits before its point: more is a mistake or a scan. */
const WHOLE_DIGITS_MAX = 7
/** Characters of an amount in the columns of B. */
const AMOUNT_LEN_MAX = 9

/** Writes an integer with its point `decimals` digits from the right. Only digits move: nothing is computed. */
function withPoint(value: number, decimals: number): string {
  const digits = String(Math.abs(value)).padStart(decimals + 1, '0')
  const whole = digits.slice(0, -decimals).replace(/\B(?=(\d{3})+$)/g, ',')
  return `${value < 0 ? '−' : ''}${whole}.${digits.slice(-decimals)}`
}

/** Fen as yuan: `8959` is `89.59`. */
export function yuan(fen: number): string {
  return withPoint(fen, 2)
}

/** Fen as an amount of money: `¥89.59`, `−¥0.05`. */
export function money(fen: number): string {
  return fen < 0 ? `−¥${yuan(-fen)}` : `¥${yuan(fen)}`
}

/** Whether an amount is longer than a basket's column holds at full size. */
export function isLong(fen: number): boolean {
  return yuan(fen).length > AMOUNT_LEN_MAX
}

/** Grams as kilograms without the unit: `482` is `0.482`. */
export function kilograms(grams: number): string {
  return withPoint(grams, 3)
}

/** A number of things: `41,872`. */
export function count(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** Basis points as percent: `550` is `5.5`. */
export function percent(bp: number): string {
  return withPoint(bp, 2).replace(/\.?0+$/, '')
}

/** A price on its own basis: `4.00/500g`. */
export function price(view: PriceView): string {
  return `${yuan(view.fen)}/${view.per}`
}

/** A quantity with its unit: `0.482 kg`, `2 袋`. */
export function quantity(view: QuantityView): string {
  return view.kind === 'weight' ? `${kilograms(view.grams)} kg` : `${count(view.pieces)} ${view.unit}`
}

/** Reads a typed decimal as an integer of its smallest unit; null when it is not one. */
function parse(text: string, decimals: number): number | null {
  const parts = /^(\d*)(?:\.(\d*))?$/.exec(text)
  const [whole = '', part = ''] = parts?.slice(1) ?? []
  if (!parts || whole + part === '' || whole.length > WHOLE_DIGITS_MAX || part.length > decimals) return null
  return Number(whole + part.padEnd(decimals, '0'))
}

/** Typed yuan as fen: `54.5` is `5450`. */
export function parseFen(text: string): number | null {
  return parse(text, 2)
}

/** Typed yuan as an amount without its sign; a dash while nothing is typed, and what is no amount as it was typed. */
export function typedYuan(text: string): string {
  const fen = parseFen(text)
  return fen === null ? text || '–' : yuan(fen)
}

/** Typed kilograms as grams: `0.482` is `482`. */
export function parseGrams(text: string): number | null {
  return parse(text, 3)
}

/** A typed count: 1–9,999. */
export function parsePieces(text: string): number | null {
  return /^0*[1-9]\d{0,3}$/.test(text) ? Number(text) : null
}

/** A typed tare in grams. */
export function parseTare(text: string): number | null {
  return /^\d{1,5}$/.test(text) ? Number(text) : null
}

/** A site's own clock, `HH:MM`, whatever the zone of this machine. */
export function clock(nowMs: number, utcOffsetMin: number): string {
  return new Date(nowMs + utcOffsetMin * 60_000).toISOString().slice(11, 16)
}
