import { count, money, percent } from '../kit/format'
import { fill } from '../kit/i18n'
import type { LostRow } from './bindings/LostRow'
import { storeName, type Stores } from './stores'
import { w } from './words'

const TABLES = {
  item: 'tableItem',
  price: 'tablePrice',
  tax: 'tableTax',
  tender: 'tableTender',
  staff: 'tableStaff',
  settings: 'tableSettings',
  quick_tab: 'tableQuickTab',
  label_layout: 'tableLabelLayout',
  dictionary: 'tableDictionary',
} as const

/** Fields of amounts, and of shares. */
const FEN = ['cash_over_ask', 'ask_line', 'drop_prompt', 'count_apart', 'cashier_remove', 'cashier_void']
const BASIS_POINTS = ['rate_bp', 'cashier_discount_bp']

const VALUES = {
  'sold_by weight': 'soldByWeight',
  'sold_by piece': 'soldByPiece',
  'rounding none': 'none',
  'rounding fen': 'roundsFen',
  'rounding jiao': 'roundsJiao',
} as const

type Row = Readonly<Record<string, unknown>>

/** What a change is about, such as `价格 70101`; a store has one row of settings. */
export function about({ table, key }: Pick<LostRow, 'table' | 'key'>): string {
  const name = table in TABLES ? w.value[TABLES[table as keyof typeof TABLES]] : table
  return table === 'settings' ? name : `${name} ${key}`
}

/** For whom it holds: every store, or the zone or store of a scope such as `site:HT01`. */
export function forWhom(scope: string, stores: Stores): string {
  return scope === 'chain' ? w.value.everyStore : storeName(stores, scope.slice(scope.indexOf(':') + 1))
}

/** What holds now and what was lost, without what is the same in both. */
export function says({ table, body, current }: Pick<LostRow, 'table' | 'body' | 'current'>): string {
  if (table === 'staff' || table === 'dictionary') return w.value.notShown
  const [now, lost] = [read(current), read(body)]
  const told = (row: Row | null, other: Row | null, absent: string) => {
    if (!row) return absent
    return table === 'price' ? price(row) : fields(row, other)
  }
  return fill(w.value.lostChange, { now: told(now, lost, w.value.none), lost: told(lost, now, w.value.wasDeleted) })
}

function read(body: string | null): Row | null {
  return body === null ? null : (JSON.parse(body) as Row)
}

/** A price as it stands on a shelf. */
function price({ fen, per }: Row): string {
  return `${money(Number(fen))}/${per === 'pc' ? w.value.perPiece : String(per)}`
}

function fields(row: Row, other: Row | null): string {
  const names = Object.keys({ ...row, ...other })
  const differing = names.filter((name) => !other || JSON.stringify(row[name]) !== JSON.stringify(other[name]))
  return (differing.length ? differing : names).map((name) => `${fieldName(name)} ${value(name, row[name])}`).join(' · ')
}

function fieldName(name: string): string {
  const word = `f_${name}`
  return word in w.value ? w.value[word as keyof typeof w.value] : name
}

function value(name: string, it: unknown): string {
  if (Array.isArray(it) && it.length) return it.map((part) => value(name, part)).join(w.value.listComma)
  if (it === undefined || it === null || it === '' || Array.isArray(it)) return w.value.none
  if (typeof it === 'boolean') return it ? w.value.yes : w.value.no
  if (typeof it === 'object') return Object.values(it).map(String).join(' ')
  if (typeof it !== 'number') return named(name, String(it))
  if (FEN.includes(name)) return money(it)
  return BASIS_POINTS.includes(name) ? `${percent(it)}%` : count(it)
}

function named(name: string, text: string): string {
  const known = `${name} ${text}`
  return known in VALUES ? w.value[VALUES[known as keyof typeof VALUES]] : text
}
