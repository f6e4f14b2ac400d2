import { inject, ref, shallowRef, watch, type InjectionKey, type Ref, type ShallowRef } from 'vue'

import type { Work } from '../bindings/pos/Work'
import { play } from '../kit/sound'
import { onAct } from '../kit/surface'
import type { Till } from './till'
import { KEYS, type Deed, type Panel } from './deed'
import { MISTYPED, REFUSALS, type HintKey } from './words'

/** The screen's own state: what the station does not need to know. */
export interface Desk {
  readonly panel: Readonly<ShallowRef<Panel>>
  /** What was typed and not yet entered. */
  readonly typed: Ref<string>
  /** What the screen itself has to say, until the next act. */
  readonly hint: Readonly<Ref<HintKey | null>>
  /** What was counted at a denomination and by whom, until it is recorded: a refusal or another panel does not lose it. */
  readonly counted: Ref<Counted | null>
  perform(deed: Deed): void
  open(panel: Panel): void
}

/** Typed pieces of each denomination. */
export interface Counted {
  /** Why, in whose shift, and who counts. */
  whose: string
  pieces: readonly string[]
}

/** The work of a panel; ended, the panel closes, also after an approval in between. */
const WORK: Partial<Record<Panel['name'], Work>> = {
  cash: 'move_cash',
  count: 'count',
  refund: 'refund',
  cited: 'refund',
  devices: 'devices',
}

export function createDesk(till: Till): Desk {
  const panel = shallowRef<Panel>(KEYS)
  const typed = ref('')
  const hint = ref<HintKey | null>(null)
  const counted = ref<Counted | null>(null)
  let isMistyped = false

  onAct(() => (hint.value = null))

  /** Money that was taken for a sale that is not closed: wherever the cashier comes from, the sale goes on with it. */
  function show(next: Panel): void {
    const owesTheRest = till.view.value?.screen === 'selling' && till.view.value.pay.taken.length > 0
    typed.value = ''
    panel.value = next.name === 'keys' && owesTheRest ? { name: 'pay' } : next
  }

  async function tryOut({ command, found, then }: Extract<Deed, { do: 'try' }>): Promise<void> {
    const reply = await till.call(command)
    if (reply?.found?.kind === found) show(then)
  }

  /** A figure that was refused is typed anew by the next key, not on; Backspace mends it. */
  function type(text: string, isRefused: boolean): void {
    typed.value = isRefused && text.startsWith(typed.value) ? text.slice(typed.value.length) : text
  }

  function perform(deed: Deed): void {
    const isRefused = isMistyped
    isMistyped = deed.do === 'hint' && MISTYPED.includes(deed.hint)
    hint.value = null
    if (deed.do === 'type') type(deed.text, isRefused)
    else if (deed.do === 'open') show(deed.panel)
    else if (deed.do === 'hint') {
      hint.value = deed.hint
      if (deed.forgets) typed.value = ''
      play(REFUSALS.includes(deed.hint) ? 'error' : 'warning')
    } else if (deed.do === 'send') {
      typed.value = ''
      if (deed.then) show(deed.then)
      void till.call(deed.command)
    } else if (deed.do === 'try') void tryOut(deed)
  }

  till.onReply(({ ended }) => {
    if (ended === 'count') counted.value = null
    if (ended && ended === WORK[panel.value.name]) show(KEYS)
  })

  watch(till.view, (view, before) => {
    if (!view) return
    const { name } = panel.value
    if (view.closed && view.closed.document !== before?.closed?.document) show(KEYS)
    if (before && view.screen !== before.screen) show(KEYS)
    if (name === 'keys' && view.pay.taken.length) show(KEYS)
    // It was given back: the goods may change again.
    if (name === 'pay' && before?.pay.taken.length && !view.pay.taken.length) show(KEYS)
  })

  return { panel, typed, hint, counted, perform, open: show }
}

const KEY: InjectionKey<Desk> = Symbol('desk')
export { KEY as deskKey }

export function useDesk(): Desk {
  const desk = inject(KEY)
  if (!desk) throw new Error('no desk was provided')
  return desk
}
