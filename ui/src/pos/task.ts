import { computed, onScopeDispose, shallowReactive } from 'vue'

import type { TillView } from '../bindings/pos/TillView'
import { w } from './words'

type Caption = Extract<keyof (typeof w)['value'], `buffer${string}`>

/** What the panel that hears the keys makes of the parts around it. */
export interface Task {
  /** What is being done: L says it while nothing was rung. */
  name: string
  /** What typed digits mean in L; null where they mean nothing, or are shown in a field of the panel. */
  typed?: Caption | null
  /** What 结算 does; null where it does nothing. Left out, it goes to the payment as everywhere. */
  settle?: string | null
  /** What function keys do here and nowhere else. */
  keys?: Readonly<Record<string, string>>
  /** Those of them that do nothing yet. */
  resting?: readonly string[]
  /** No other function key is heard. */
  holdsKeys?: boolean
}

const tasks = shallowReactive<(() => Task)[]>([])

/** The innermost panel's task; none while only the selling screen listens. */
export const task = computed(() => tasks.at(-1)?.())

/** What 结算 does: the panel's own deed, or the payment where there is something to pay. */
export function settles({ basket }: TillView): string | null {
  const own = task.value?.settle
  return own === undefined && basket.lines.length ? w.value.settle : (own ?? null)
}

/** Says what the calling panel is about while it lives. */
export function useTask(describe: () => Task): void {
  tasks.push(describe)
  onScopeDispose(() => tasks.splice(tasks.indexOf(describe), 1))
}
