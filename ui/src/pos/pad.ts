import { computed, onScopeDispose, shallowReactive } from 'vue'

/** What N holds: digits; letters; or letters, digits and the dash of receipts' numbers. */
export type Pad = 'digits' | 'letters' | 'codes'

const wanted = shallowReactive<(() => Pad)[]>([])

/** The pad that the innermost panel wants. */
export const pad = computed<Pad>(() => wanted.at(-1)?.() ?? 'digits')

/** Says which pad is wanted while the calling panel lives. */
export function usePad(choose: () => Pad): void {
  wanted.push(choose)
  onScopeDispose(() => wanted.splice(wanted.indexOf(choose), 1))
}
