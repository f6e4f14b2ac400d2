import { count, money } from '../kit/format'
import { fill, language } from '../kit/i18n'
import type { FigureName } from './bindings/FigureName'
import { w } from './words'

/** One figure of which two sides, or two versions, say different things. */
export interface Compared {
  field: string
  was: number
  is: number
}

const COUNTS: readonly string[] = ['sales', 'refunds']
const NAMES = { sales: 'figSales', refunds: 'figRefunds', paid: 'figPaid', discount: 'figDiscount', rounding: 'figRounding', tender: 'figTender', net: 'figNet', tax: 'figTax' } as const

/** What the chain calls a figure with a code in its name. */
export type Names = readonly FigureName[]

/** A figure's name in the hub, such as `paid` or `tender:cash`, in words. */
function named(field: string, names: Names): string {
  const [kind = '', ...code] = field.split(':')
  const name = kind in NAMES ? w.value[NAMES[kind as keyof typeof NAMES]] : kind
  if (!code.length) return name
  const known = names.find((one) => one.field === field)
  const called = known ? (language.value === 'en' ? known.name_en : known.name) : fill(w.value.figUnknown, { code: code.join(':') })
  return `${name} ${called}`
}

const shown = (one: Compared, figure: number) => (COUNTS.includes(one.field) ? count(figure) : money(figure))

function told(sentence: string, one: Compared, names: Names): string {
  return fill(sentence, { figure: named(one.field, names), was: shown(one, one.was), is: shown(one, one.is) })
}

/** What the till recorded and what the hub added up. */
export const difference = (one: Compared, names: Names) => told(w.value.differs, one, names)

/** What changed since the version before. */
export const change = (one: Compared, names: Names) => told(w.value.changed, one, names)
