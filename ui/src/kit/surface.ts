import { onScopeDispose } from 'vue'

import { isPersonsKey, keyName } from './keyname'
import { play } from './sound'
import { Touches } from './touch'
import { FieldWedge, GAP_MS, ModifiedKeys, Wedge } from './wedge'

/** Who hears keys and scans first: a question above a panel above the screen. */
export type Level = 'screen' | 'panel' | 'question'

/** A part of the screen that hears keys and scans. Each returns whether it took it. */
export interface Layer {
  level: Level
  key(key: string): boolean
  scan?(text: string): boolean
  /** Text from the clipboard. */
  paste?(text: string): boolean
}

const onActs: (() => void)[] = []

/** Calls back before whatever a person or a scanner does next: a key, a scan, a touch. */
export function onAct(callback: () => void): void {
  onActs.push(callback)
}

function acts(): void {
  for (const callback of onActs) callback()
}

const ORDER: readonly Level[] = ['question', 'panel', 'screen']
const layers: Layer[] = []

/** Hears keys and scans while the calling component lives. */
export function useLayer(layer: Layer): void {
  layers.push(layer)
  onScopeDispose(() => layers.splice(layers.indexOf(layer), 1))
}

function offer(take: (layer: Layer) => boolean | undefined): void {
  for (const level of ORDER) {
    if (layers.findLast((layer) => layer.level === level && take(layer))) return
  }
}

/** Keys and scans that may wait for the station. More is a scanner left in its stand, or a key that is stuck. */
const INPUTS_MAX = 200

let settled = (): Promise<void> => Promise.resolve()
let last: Promise<unknown> = Promise.resolve()
let waiting = 0

/** What is pressed means what it means on the screen that the keys before it lead to: each waits for those. */
function enqueue(hear: () => void): void {
  if (waiting >= INPUTS_MAX) return play('error')
  waiting += 1
  last = last
    .then(() => settled())
    .then(acts)
    .then(hear)
    .catch((reason) => console.error('surface.hear failed', reason))
    .finally(() => (waiting -= 1))
}

/** A key from a person: from the keyboard, or from a key drawn on the screen. */
export function press(key: string): void {
  enqueue(() => offer((layer) => layer.key(key)))
}

/** A scanner's burst. */
export function scan(text: string): void {
  enqueue(() => offer((layer) => layer.scan?.(text)))
}

const wedge = new Wedge({ key: press, scan })
const modified = new ModifiedKeys()
const fieldWedge = new FieldWedge()
/** A timer this late means that the machine stalled and keys may still be waiting behind it, milliseconds. */
const STALL_MS = 20
let timer = 0

function waitForQuiet(): void {
  clearTimeout(timer)
  if (!wedge.waiting) return
  const due = performance.now() + GAP_MS
  timer = window.setTimeout(() => (performance.now() - due > STALL_MS ? waitForQuiet() : wedge.quiet()), GAP_MS)
}

function isField(target: EventTarget | null): target is HTMLInputElement {
  return target instanceof HTMLInputElement
}

const FIELD_SHORTCUTS = /^[acvxz]$/i
const MAY_REPEAT = /^(Backspace|Arrow(Up|Down|Left|Right)|PageUp|PageDown)$/
/** Keys that only change others. */
const MODIFIER = /^(Shift|Control|Alt|Meta|CapsLock|NumLock|ScrollLock|AltGraph|Fn|HangulMode|Lang\d|Convert|NonConvert)/

function onKeyDown(event: KeyboardEvent): void {
  const altGraph = event.getModifierState('AltGraph')
  const made = modified.down({ key: event.key, code: event.code, ctrlKey: event.ctrlKey, altKey: event.altKey, altGraph })
  if (made) return hearMade(made, event)
  const key = keyName(event)
  if (MODIFIER.test(key)) return
  const inField = isField(event.target)
  if (event.ctrlKey || event.altKey || event.metaKey) {
    const pastes = /^v$/i.test(key) || (inField && FIELD_SHORTCUTS.test(key))
    if (!pastes) event.preventDefault()
    return
  }
  if (inField) return onFieldKey(event, event.target as HTMLInputElement)
  event.preventDefault()
  if (event.repeat && !MAY_REPEAT.test(key)) return
  wedge.press(key, event.timeStamp, isPersonsKey(event.code))
  waitForQuiet()
}

/** A character that came with Ctrl or Alt held. */
function hearMade(made: string, event: KeyboardEvent): void {
  event.preventDefault()
  // The field itself takes what can be seen.
  if (isField(event.target)) fieldWedge.press(made, event.timeStamp, event.target.value)
  else {
    wedge.press(made, event.timeStamp)
    waitForQuiet()
  }
}

function onKeyUp(event: KeyboardEvent): void {
  const made = modified.up(event.key)
  if (made) hearMade(made, event)
}

/** Keys of a field that the screen hears too; the others only edit it. */
const FIELD_KEYS = /^(Enter|Tab|Escape|ArrowUp|ArrowDown|PageUp|PageDown|F\d+)$/

function onFieldKey(event: KeyboardEvent, field: HTMLInputElement): void {
  // While an input method composes, Enter and the arrows are its own.
  if (event.isComposing || event.key === 'Process') return
  const isSeparator = fieldWedge.isSeparator(event.key, event.timeStamp)
  const burst = fieldWedge.press(event.key, event.timeStamp, field.value)
  if (isSeparator) event.preventDefault()
  else if (burst) {
    event.preventDefault()
    field.value = burst.value
    field.dispatchEvent(new Event('input'))
    scan(burst.scan)
  } else if (FIELD_KEYS.test(event.key)) {
    wedge.forget()
    event.preventDefault()
    press(event.key)
  }
}

const touches = new Touches()

/** What lies under a finger: a key with all that it shows. 返回 is one key on every panel, and may be touched twice. */
function touched(target: Element): unknown {
  const key = target.closest<HTMLElement>('button, [role=option], li') ?? target
  return key instanceof HTMLElement && key.dataset['testid'] === 'back' ? 'back' : key
}

function onClick(event: MouseEvent): void {
  const on = touched(event.target as Element)
  if (!touches.isStray({ x: event.clientX, y: event.clientY, at: event.timeStamp, on })) return
  event.preventDefault()
  event.stopImmediatePropagation()
}

function onPaste(event: ClipboardEvent): void {
  if (isField(event.target)) return
  event.preventDefault()
  const text = event.clipboardData?.getData('text') ?? ''
  offer((layer) => layer.paste?.(text.trim()))
}

/** Starts listening; `isSettled` resolves when the screen shows what the last key led to. The window's own shortcuts end here: reload, print, zoom, close tab, menus, dragging. */
export function listen(isSettled: () => Promise<void>): void {
  settled = isSettled
  const off = (event: Event) => event.preventDefault()
  window.addEventListener('keydown', onKeyDown, { capture: true })
  window.addEventListener('keyup', onKeyUp, { capture: true })
  window.addEventListener('mousedown', acts, { capture: true })
  window.addEventListener('click', onClick, { capture: true })
  window.addEventListener('paste', onPaste)
  window.addEventListener('contextmenu', off)
  window.addEventListener('dragstart', off)
  window.addEventListener('drop', off)
  window.addEventListener('wheel', (event) => event.ctrlKey && event.preventDefault(), { passive: false })
  for (const pinch of ['gesturestart', 'gesturechange']) window.addEventListener(pinch, off)
  // A drawn key must not keep the focus, or the next Enter would press it again.
  window.addEventListener('mousedown', (event) => !isField(event.target) && event.preventDefault())
}
