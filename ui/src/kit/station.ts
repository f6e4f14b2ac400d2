import { computed, inject, nextTick, shallowRef, type ComputedRef, type InjectionKey, type ShallowRef } from 'vue'

import type { Language } from '../bindings/Language'
import type { MessageView } from '../bindings/MessageView'
import type { Outcome } from '../bindings/Outcome'
import { isStartFailure, type Host, type StartFailure } from '../platform/host'
import { language } from './i18n'
import { play } from './sound'
import type { Strip } from './strip'

/** Commands may wait for a slow station, but not without end: a scanner left in its stand would fill the memory. */
const WAITING_MAX = 200

/** What every station's picture has. */
export interface Picture {
  revision: number
  language: Language
  message: MessageView | null
}

/** What every station can be asked. */
export type Common =
  | { cmd: 'view' }
  | { cmd: 'quit' }
  | { cmd: 'clear' }
  | { cmd: 'set_language'; language: Language }
  | { cmd: 'enrol'; hub_url: string; code: string }
  | { cmd: 'lift_lockout'; staff: string }
  | { cmd: 'approve'; staff: string; pin: string }
  | { cmd: 'scan'; text: string }

/** The station as its screen knows it: its picture, what it can be asked, what it answers. */
export interface Station<View extends Picture = Picture, Command = Common, Reply = { view: View; outcome: Outcome }> {
  /** The newest picture; null until the first one. */
  readonly view: Readonly<ShallowRef<View | null>>
  /** What the strip says of it. */
  readonly strip: ComputedRef<Strip | null>
  /** Why there will be no picture. */
  readonly failure: Readonly<ShallowRef<StartFailure | null>>
  /** Milliseconds on this machine's steady clock when the newest picture came. */
  readonly seenAt: Readonly<ShallowRef<number>>
  /** Sends one command after those before it; null when it was not answered. */
  call(command: Command): Promise<Reply | null>
  /** Calls back with every answer, before whoever sent the command has it. */
  onReply(hear: (reply: Reply) => void): void
  /** Resolves when every command was answered and the answers are on the screen. */
  settled(): Promise<void>
}

/** Connects a screen to its station and asks for the first picture. */
export function connect<View extends Picture, Command extends { cmd: string }, Reply extends { view: View }>(
  host: Host<View, Command | Common, Reply>,
  strip: (view: View) => Strip,
): Station<View, Command | Common, Reply> {
  const view = shallowRef(null) as ShallowRef<View | null>
  const failure = shallowRef<StartFailure | null>(null)
  const seenAt = shallowRef(0)
  let last: Promise<unknown> = Promise.resolve()
  let waiting = 0
  const hearers: ((reply: Reply) => void)[] = []

  function show(next: View): void {
    const shown = view.value
    if (shown && next.revision < shown.revision) return
    // The first picture may carry a message from before this window: it is shown, not sounded.
    if (shown && next.message && next.message.sequence > (shown.message?.sequence ?? 0)) play(next.message.level)
    language.value = next.language
    seenAt.value = performance.now()
    view.value = next
  }

  async function send(command: Command | Common): Promise<Reply | null> {
    try {
      const reply = await host.call(command)
      show(reply.view)
      for (const hear of hearers) hear(reply)
      return reply
    } catch (reason) {
      if (isStartFailure(reason)) {
        failure.value = reason
        language.value = reason.language ?? language.value
      } else console.error('station.call failed', command.cmd, reason)
      return null
    }
  }

  function call(command: Command | Common): Promise<Reply | null> {
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
  return { view, strip: computed(() => view.value && strip(view.value)), failure, seenAt, call, onReply: (hear) => void hearers.push(hear), settled }
}

/** Where the screen's own station is provided; a role's screens know what more it is. */
export const stationKey: InjectionKey<unknown> = Symbol('station')

export function useStation<S = Station>(): S {
  const station = inject(stationKey)
  if (!station) throw new Error('no station was provided')
  return station as S
}
