import type { Command } from '../bindings/pos/Command'
import type { CountPurpose } from '../bindings/pos/CountPurpose'
import type { Found } from '../bindings/pos/Found'
import type { Action } from './keymap'
import type { HintKey } from './words'

/** What stands in Q when the station asks nothing. */
export type Panel =
  | { name: 'keys' | 'pay' | 'parked' | 'refund' | 'cited' | 'documents' | 'menu' | 'help' | 'devices' }
  | { name: 'search'; first: string }
  | { name: 'quantity' | 'price'; line: number }
  | { name: 'cash'; kind: 'drop' | 'exchange' | 'add_float' }
  | { name: 'count'; purpose: CountPurpose }
  | { name: 'ask'; question: Question }
  | { name: 'leave_pay'; key: string; action: Action }

/** What the screen itself asks before it sends. */
export type Question = 'void_basket' | 'clear_tenders' | 'quit'

/** What one key leads to. Deciding is apart from doing, so that keys can be tested as a table. */
export type Deed =
  | { do: 'send'; command: Command; then?: Panel }
  /** Opens the panel only when the station found that it may be. */
  | { do: 'try'; command: Command; found: Found['kind']; then: Panel }
  | { do: 'open'; panel: Panel }
  | { do: 'type'; text: string }
  /** What was typed stays to be mended, unless it is none of what is wanted here. */
  | { do: 'hint'; hint: HintKey; forgets?: boolean }
  | { do: 'nothing' }

export const send = (command: Command, then?: Panel): Deed => (then ? { do: 'send', command, then } : { do: 'send', command })
export const beginCount = (purpose: CountPurpose): Deed => ({ do: 'try', command: { cmd: 'begin_count', purpose }, found: 'may_count', then: { name: 'count', purpose } })
export const open = (panel: Panel): Deed => ({ do: 'open', panel })
export const type = (text: string): Deed => ({ do: 'type', text })
export const hint = (key: HintKey) => ({ do: 'hint', hint: key }) satisfies Deed
export const NOTHING: Deed = { do: 'nothing' }
/** F1–F12: on a panel where money is put together, those of the selling screen would drop it unasked. */
export const FUNCTION_KEY = /^F\d+$/
export const KEYS: Panel = { name: 'keys' }
