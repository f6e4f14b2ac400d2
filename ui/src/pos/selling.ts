import type { BasketView } from '../bindings/pos/BasketView'
import type { TillView } from '../bindings/pos/TillView'
import { parsePieces } from '../kit/format'
import { hint, KEYS, NOTHING, open, send, type, type Deed, type Panel } from './deed'
import type { Action, Keymap } from './keymap'

/** The longest code that is typed by hand; receipts' numbers are the longest. */
const TYPED_LEN_MAX = 32

/** What the selling screen makes of a key. `panel` is what stands in Q. */
export function sellingKey(keymap: Keymap, key: string, typed: string, view: TillView, panel: Panel): Deed {
  const action = keymap[key]
  if (action) return act(action, typed, view, panel)
  if (key === 'Backspace') return type(typed.slice(0, -1))
  if (/^[0-9.-]$/.test(key)) return typed.length < TYPED_LEN_MAX ? type(typed + key) : NOTHING
  if (/^[a-zA-Z]$/.test(key) && panel.name === 'keys') return open({ name: 'search', first: key.toLowerCase() })
  return NOTHING
}

/** Panels about a drawer's cash or about one line: goods rung behind them would be seen by nobody, or become that line. */
const TAKE_NO_SCAN: readonly Panel['name'][] = ['count', 'cash', 'quantity', 'price']

/** What the selling screen makes of a scan. While the station waits or refuses, it answers itself. */
export function sellingScan(text: string, view: TillView, panel: Panel): Deed {
  const stationAnswers = view.prompt !== null || view.message?.level === 'error'
  return TAKE_NO_SCAN.includes(panel.name) && !stationAnswers ? hint('scanElsewhere') : send({ cmd: 'scan', text })
}

/** A receipt's whole number, as it is printed. */
export const isWholeNumber = (text: string) => /^[a-z\d]{1,16}-\d+-\d{8}-\d+-[\da-f]{2}$/i.test(text)

/** A letter of a receipt's number; null for any other key. */
export function numberKey(key: string, typed: string): Deed | null {
  return /^[a-zA-Z]$/.test(key) && typed.length < TYPED_LEN_MAX ? type(typed + key.toUpperCase()) : null
}

/** Whether an action would only say why it cannot be done now. */
export function onlyTells(action: Action, { basket, parked }: TillView): boolean {
  const isRung = basket.lines.length > 0
  switch (action) {
    case 'member':
      return true
    case 'quantity':
    case 'price':
    case 'remove':
    case 'void':
      return !isRung
    case 'park':
      return !isRung && !parked.length
    case 'refund':
      return isRung
    default:
      return false
  }
}

function act(action: Action, typed: string, view: TillView, panel: Panel): Deed {
  switch (action) {
    case 'help':
      return open({ name: 'help' })
    case 'search':
      return open({ name: 'search', first: '' })
    case 'member':
      return hint('noMembers')
    case 'quantity':
    case 'price':
      return changeLine(action, view)
    case 'remove':
      return send({ cmd: 'remove_line', line: null })
    case 'void':
      return view.basket.lines.length ? open({ name: 'ask', question: 'void_basket' }) : hint('nothingRung')
    case 'park':
      return park(view)
    case 'refund':
      return view.basket.lines.length ? hint('basketFirst') : open({ name: 'refund' })
    case 'reprint':
      return open({ name: 'documents' })
    case 'drawer':
      return send({ cmd: 'open_drawer' }, KEYS)
    case 'menu':
      return open({ name: 'menu' })
    case 'settle':
      return settle(typed, view)
    case 'times':
      return times(typed)
    case 'confirm':
      return typed ? send({ cmd: 'enter', text: typed }, KEYS) : NOTHING
    case 'clear':
      return clear(typed, view, panel)
    case 'up':
    case 'down':
      return select(view.basket, action)
  }
}

function settle(typed: string, view: TillView): Deed {
  // A code that was typed but not entered would be missing from the sale.
  if (typed) return hint('typedFirst')
  return view.basket.lines.length ? open({ name: 'pay' }) : hint('nothingRung')
}

function times(typed: string): Deed {
  const pieces = parsePieces(typed)
  return pieces ? send({ cmd: 'multiply', pieces }, KEYS) : noPieces(typed)
}

/** Says what is wrong with a count that is none. */
export function noPieces(typed: string): Deed {
  return hint(typed ? 'piecesWrong' : 'piecesFirst')
}

function park(view: TillView): Deed {
  if (view.basket.lines.length) return send({ cmd: 'park' }, KEYS)
  return view.parked.length ? open({ name: 'parked' }) : hint('nothingParked')
}

function changeLine(name: 'quantity' | 'price', view: TillView): Deed {
  const line = view.basket.selected ?? view.basket.lines.at(-1)?.id
  return line === undefined ? hint('nothingRung') : open({ name, line })
}

/** An error is acknowledged first; then what was typed goes, then the panel, then whatever the station still shows. */
function clear(typed: string, view: TillView, panel: Panel): Deed {
  if (view.message?.level === 'error') return send({ cmd: 'clear' })
  if (typed) return type('')
  return panel.name === 'keys' ? send({ cmd: 'clear' }) : open(KEYS)
}

function select({ lines, selected }: BasketView, direction: 'up' | 'down'): Deed {
  if (lines.length === 0) return NOTHING
  const at = selected === null ? lines.length - 1 : lines.findIndex((line) => line.id === selected)
  const next = lines[direction === 'up' ? Math.max(at - 1, 0) : Math.min(at + 1, lines.length - 1)]
  return next ? send({ cmd: 'select', line: next.id }) : NOTHING
}
