import { computed, onScopeDispose, shallowReactive } from 'vue'

import type { w } from './words'

type Caption = Extract<keyof (typeof w)['value'], `buffer${string}`>

const captions = shallowReactive<(() => Caption)[]>([])

/** What the typed digits in L mean now. */
export const caption = computed<Caption>(() => captions.at(-1)?.() ?? 'bufferSell')

/** Says what typed digits mean while the calling panel lives. */
export function useCaption(text: () => Caption): void {
  captions.push(text)
  onScopeDispose(() => captions.splice(captions.indexOf(text), 1))
}
