import { money } from '../kit/format'
import type { LostRow } from './bindings/LostRow'
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

/** What a change is about, such as `价格 70101`. */
export function about({ table, key }: Pick<LostRow, 'table' | 'key'>): string {
  const name = table in TABLES ? w.value[TABLES[table as keyof typeof TABLES]] : table
  return `${name} ${key}`
}

/** For whom it holds: every store, or the zone or store of a scope such as `site:HT01`. */
export function forWhom(scope: string): string {
  return scope === 'chain' ? w.value.everyStore : scope.slice(scope.indexOf(':') + 1)
}

/** What a row says; prices as they stand on a shelf. */
export function says(table: string, body: string | null): string {
  if (body === null) return '–'
  if (table !== 'price') return body
  const { fen, per } = JSON.parse(body) as { fen: number; per: string }
  return `${money(fen)}/${per === 'pc' ? w.value.perPiece : per}`
}
