import { inject, ref, shallowRef, watch, type InjectionKey, type Ref, type ShallowRef } from 'vue'

import type { Code } from '../bindings/Code'
import { play } from '../kit/sound'
import type { Till } from '../kit/till'
import { KEYS, type Deed, type Panel } from './deed'
import type { HintKey } from './words'

/** The screen's own state: what the station does not need to know. */
export interface Desk {
  readonly panel: Readonly<ShallowRef<Panel>>
  /** What was typed and not yet entered. */
  readonly typed: Ref<string>
  /** What the screen itself has to say, until the next key. */
  readonly hint: Readonly<Ref<HintKey | null>>
  perform(deed: Deed): void
  open(panel: Panel): void
}

/** A panel's work is done when its message comes, also after an approval in between. */
const CLOSED_BY: Partial<Record<Panel['name'], readonly Code[]>> = {
  cash: ['POS-SHF-011'],
  count: ['POS-SHF-008', 'POS-SHF-013'],
  refund: ['POS-REF-006'],
  cited: ['POS-REF-006'],
  devices: ['POS-PRN-009'],
}

export function createDesk(till: Till): Desk {
  const panel = shallowRef<Panel>(KEYS)
  const typed = ref('')
  const hint = ref<HintKey | null>(null)

  function show(next: Panel): void {
    typed.value = ''
    panel.value = next
  }

  function perform(deed: Deed): void {
    hint.value = null
    if (deed.do === 'type') typed.value = deed.text
    else if (deed.do === 'open') show(deed.panel)
    else if (deed.do === 'hint') {
      hint.value = deed.hint
      play('warning')
    } else if (deed.do === 'send') {
      typed.value = ''
      if (deed.then) show(deed.then)
      void till.call(deed.command)
    }
  }

  watch(till.view, (view, before) => {
    if (!view) return
    const { name } = panel.value
    const isNews = view.message && view.message.sequence !== before?.message?.sequence
    if (isNews && CLOSED_BY[name]?.includes(view.message!.code)) show(KEYS)
    if (view.closed && view.closed.document !== before?.closed?.document) show(KEYS)
    if (before && view.screen !== before.screen) show(KEYS)
    // Money was taken before a power cut: the sale goes on where it stood.
    if (!before && view.pay.taken.length) show({ name: 'pay' })
  })

  return { panel, typed, hint, perform, open: show }
}

const KEY: InjectionKey<Desk> = Symbol('desk')
export { KEY as deskKey }

export function useDesk(): Desk {
  const desk = inject(KEY)
  if (!desk) throw new Error('no desk was provided')
  return desk
}
