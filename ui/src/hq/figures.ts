import { count, money } from '../kit/format'
import { fill } from '../kit/i18n'
import { w } from './words'

/** One figure of which two sides, or two versions, say different things. */
export interface Compared {
  field: string
  was: number
  is: number
}

const COUNTS: readonly string[] = ['sales', 'refunds']
const NAMES = { sales: 'figSales', refunds: 'figRefunds', paid: 'figPaid', discount: 'figDiscount', rounding: 'figRounding', tender: 'figTender', net: 'figNet', tax: 'figTax' } as const

/** A figure's name in the hub, such as `paid` or `tender:cash`, in words. */
function named(field: string): string {
  const [kind = '', code = ''] = field.split(':')
  const name = kind in NAMES ? w.value[NAMES[kind as keyof typeof NAMES]] : kind
  return `${name} ${code}`.trim()
}

const shown = (one: Compared, figure: number) => (COUNTS.includes(one.field) ? count(figure) : money(figure))

function told(sentence: string, one: Compared): string {
  return fill(sentence, { figure: named(one.field), was: shown(one, one.was), is: shown(one, one.is) })
}

/** What the till recorded and what the hub added up. */
export const difference = (one: Compared) => told(w.value.differs, one)

/** What changed since the version before. */
export const change = (one: Compared) => told(w.value.changed, one)
