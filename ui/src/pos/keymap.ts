/** What a cashier can ask for with one key. */
export const ACTIONS = [
  'help',
  'search',
  'member',
  'quantity',
  'price',
  'remove',
  'void',
  'park',
  'refund',
  'reprint',
  'drawer',
  'menu',
  'settle',
  'times',
  'confirm',
  'clear',
  'up',
  'down',
] as const
export type Action = (typeof ACTIONS)[number]
export type Keymap = Readonly<Record<string, Action>>

/** The soft function keys F1–F12, left to right. */
export const SOFT_KEYS: readonly Action[] = ACTIONS.slice(0, 12)

/** Which key asks for what, unless a till's own table says otherwise. */
export const KEYMAP: Keymap = {
  ...Object.fromEntries(SOFT_KEYS.map((action, index) => [`F${index + 1}`, action])),
  '+': 'settle',
  ' ': 'settle',
  '*': 'times',
  Enter: 'confirm',
  Escape: 'clear',
  Delete: 'remove',
  ArrowUp: 'up',
  ArrowDown: 'down',
}

/** The keymap with a till's changes (key to action); a change that names no action is left out. */
export function remap(changes: Readonly<Record<string, string>>): Keymap {
  const isAction = (action: string): action is Action => (ACTIONS as readonly string[]).includes(action)
  const known = Object.entries(changes).filter((change): change is [string, Action] => isAction(change[1]))
  return { ...KEYMAP, ...Object.fromEntries(known) }
}
