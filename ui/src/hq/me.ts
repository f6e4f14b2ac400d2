/** Who signed in, and what the hub lets them do. A page offers nothing else; the hub refuses it all the same. */
import { shallowRef } from 'vue'

import type { Action } from './bindings/Action'
import type { Me } from './bindings/Me'

export const me = shallowRef<Me | null>(null)

export function may(action: Action): boolean {
  return me.value?.may.includes(action) ?? false
}
