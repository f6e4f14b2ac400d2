import { inject, nextTick, shallowRef, type InjectionKey, type ShallowRef } from 'vue'

import type { Command } from '../bindings/Command'
import type { Reply } from '../bindings/Reply'
import type { TillView } from '../bindings/TillView'
import { isStartFailure, type Host, type StartFailure } from '../platform/host'
import { language } from './i18n'
import { play } from './sound'

/** Commands may wait for a slow station, but not without end: a scanner left in its stand would fill the memory. */
const WAITING_MAX = 200

/** The till as this screen knows it. */
export interface Till {
  /** The newest picture; null until the first one. */
  readonly view: Readonly<ShallowRef<TillView | null>>
  /** Why there will be no picture. */
  readonly failure: Readonly<ShallowRef<StartFailure | null>>
  /** Milliseconds on this machine's steady clock when the newest picture came. */
  readonly seenAt: Readonly<ShallowRef<number>>
  /** Sends one command after those before it; null when it was not answered. */
  call(command: Command): Promise<Reply | null>
  /** Resolves when every command was answered and the answers are on the screen. */
  settled(): Promise<void>
}

/** Connects a screen to its station and asks for the first picture. */
export function connect(host: Host): Till {
  const view = shallowRef<TillView | null>(null)
  const failure = shallowRef<StartFailure | null>(null)
  const seenAt = shallowRef(0)
  let last: Promise<unknown> = Promise.resolve()
  let waiting = 0

  function show(next: TillView): void {
    const shown = view.value
    if (shown && next.revision < shown.revision) return
    // The first picture may carry a message from before this window: it is shown, not sounded.
    if (shown && next.message && next.message.sequence > (shown.message?.sequence ?? 0)) play(next.message.level)
    language.value = next.language
    seenAt.value = performance.now()
    view.value = next
  }

  async function send(command: Command): Promise<Reply | null> {
    try {
      const reply = await host.call(command)
      show(reply.view)
      return reply
    } catch (reason) {
      if (isStartFailure(reason)) {
        failure.value = reason
        language.value = reason.language ?? language.value
      } else console.error('station.call failed', command.cmd, reason)
      return null
    }
  }

  function call(command: Command): Promise<Reply | null> {
    if (waiting >= WAITING_MAX) {
      play('error')
      return Promise.resolve(null)
    }
    waiting += 1
    // One after the other: two scans must reach the station in the order in which they were made.
    const answer = last.then(() => send(command)).finally(() => (waiting -= 1))
    last = answer
    return answer
  }

  async function settled(): Promise<void> {
    do {
      await last
      await nextTick()
    } while (waiting > 0)
  }

  host.onView(show)
  host.onCloseAsked(() => void call({ cmd: 'quit' }))
  void call({ cmd: 'view' })
  return { view, failure, seenAt, call, settled }
}

const KEY: InjectionKey<Till> = Symbol('till')
export { KEY as tillKey }

export function useTill(): Till {
  const till = inject(KEY)
  if (!till) throw new Error('no till was provided')
  return till
}
