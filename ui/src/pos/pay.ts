import type { TenderView } from '../bindings/pos/TenderView'
import type { TillView } from '../bindings/pos/TillView'
import { money, parseFen, yuan } from '../kit/format'
import { language } from '../kit/i18n'
import { hint, KEYS, NOTHING, open, send, type Deed } from './deed'
import type { Action, Keymap } from './keymap'
import { w } from './words'

/** Notes that a customer is most likely to give, by key. */
export const NOTES: readonly { key: string; fen: number }[] = [
  { key: 'F5', fen: 20_00 },
  { key: 'F6', fen: 50_00 },
  { key: 'F7', fen: 100_00 },
]
/** Keys of the tenders beside cash, in the catalogue's order. */
export const TENDER_KEYS = ['F8', 'F9', 'F10'] as const
export const OTHERS_KEY = 'F11'

/** Cash is the tender that gives change. */
export function cashTender(view: TillView): TenderView | undefined {
  return view.tenders.find((tender) => tender.gives_change)
}

/** The tenders beside cash: those with a key of their own first. */
export function otherTenders(view: TillView): TenderView[] {
  return view.tenders.filter((tender) => !tender.gives_change)
}

/** A tender's name on the screen; of one that the catalogue has no more, its code. */
export function tenderName(view: TillView | null, code: string): string {
  const tender = view?.tenders.find((one) => one.code === code)
  return tender ? nameOf(tender) : code
}

export function nameOf(tender: TenderView): string {
  return language.value === 'en' ? tender.name_en : tender.name
}

/** The end of a reference: what a terminal's list is searched for. */
export const referenceEnd = (reference: string) => (reference.length > 8 ? `…${reference.slice(-8)}` : reference)

/** What was taken so far, each tender with its amount. */
export function takenOf(view: TillView): string {
  return view.pay.taken.map((one) => `${tenderName(view, one.tender)} ${money(one.amount_fen)}`).join(' + ')
}

/** A note as people call it. */
export const noteName = (fen: number) => `¥${yuan(fen).slice(0, -3)}`

/** What the function keys of the pay panel take. */
export function payLabels(view: TillView): Record<string, string> {
  const others = otherTenders(view)
  const tenders = others.slice(0, TENDER_KEYS.length).map((tender, at) => [TENDER_KEYS[at], nameOf(tender)])
  const more = others.length > TENDER_KEYS.length ? [[OTHERS_KEY, w.value.others]] : []
  return Object.fromEntries([...NOTES.map(({ key, fen }) => [key, noteName(fen)]), ...tenders, ...more]) as Record<string, string>
}

/** What the pay panel makes of a key: a deed, the list of others, or a key that means here what it means everywhere. */
export type PayStep = Deed | { do: 'others' } | null

/** What a key means on the pay panel as on the selling screen. */
const SHARED: readonly Action[] = ['confirm', 'clear', 'up', 'down']

export function payKey(keymap: Keymap, key: string, typed: string, view: TillView): PayStep {
  const note = NOTES.find((one) => one.key === key)
  if (note) return takeCash(view, note.fen)
  if (key === 'Enter') return typed ? takeTyped(view, typed) : takeCash(view, null)
  const tender = otherTenders(view)[(TENDER_KEYS as readonly string[]).indexOf(key)]
  if (tender) return takeTender(tender, typed)
  if (key === OTHERS_KEY) return { do: 'others' }
  if (key === 'Escape' && !typed) return escape(view)
  const action = keymap[key]
  if (action === 'settle') return NOTHING
  // It would leave the payment, or change the goods under it: the cashier may think to be on another screen.
  return action && !SHARED.includes(action) ? open({ name: 'leave_pay', key, action }) : null
}

/** A tender beside cash: of what was typed, or of all that remains. The station asks for its reference. */
export function takeTender(tender: TenderView, typed: string): Deed {
  const amount_fen = parseFen(typed)
  if (typed && amount_fen === null) return noAmount(typed)
  return send({ cmd: 'tender', tender: tender.code, amount_fen, reference: null })
}

function takeTyped(view: TillView, typed: string): Deed {
  const fen = parseFen(typed)
  return fen ? takeCash(view, fen) : noAmount(typed)
}

/** Says what is wrong with an amount that is none: so many digits are a code that a scanner reads. */
function noAmount(typed: string): Deed {
  return /^\d{8,}$/.test(typed) ? { ...hint('codeNotAmount'), forgets: true } : hint('amountWrong')
}

function takeCash(view: TillView, amount_fen: number | null): Deed {
  const cash = cashTender(view)
  return cash ? send({ cmd: 'tender', tender: cash.code, amount_fen, reference: null }) : hint('noCash')
}

/** 返回 leads back also while an error stands, which goes with it: a key that means a note here must not be taken for its other meaning there. */
function escape(view: TillView): PayStep {
  if (view.message?.level !== 'error') return leave(view)
  return view.pay.taken.length ? null : send({ cmd: 'clear' }, KEYS)
}

/** Back to the goods; money that was taken is given back first. */
export function leave(view: TillView): Deed {
  return view.pay.taken.length ? open({ name: 'ask', question: 'clear_tenders' }) : open(KEYS)
}
