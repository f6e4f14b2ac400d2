import { computed, ref, watchEffect, type ComputedRef } from 'vue'

import type { Code } from '../bindings/Code'
import type { Language } from '../bindings/Language'
import sentencesEn from '../bindings/messages.en.json'
import sentencesZh from '../bindings/messages.zh-CN.json'
import { count } from './format'

/** The language of everything on screen. */
export const language = ref<Language>('zh-CN')
// Fonts, and what is read aloud, follow the document's language.
watchEffect(() => typeof document === 'object' && (document.documentElement.lang = language.value))

type Table = Record<string, string>

/** The words of one part of the screen: `en` must have exactly the keys of `zh`, or it does not compile. */
export function words<Zh extends Table>(zh: Zh, en: Record<keyof Zh, string>): ComputedRef<Record<keyof Zh, string>> {
  return computed(() => (language.value === 'en' ? en : zh))
}

/** Fills a sentence's `{name}` places. A number is one of things, and reads as such. */
export function fill(sentence: string, args: Record<string, string | number | null>): string {
  return sentence.replace(/\{(\w+)\}/g, (place, name: string) => {
    const value = args[name] ?? place
    return typeof value === 'number' ? count(value) : value
  })
}

/** The cashier's sentence of a code. */
export function sentence(code: Code, args: Record<string, string>): string {
  return fill(sentences(code).cashier, args)
}

/** What IT reads of a code: what was expected, what was found, what to do next. */
export function itSentence(code: Code, args: Record<string, string>): string {
  return fill(sentences(code).it, args)
}

function sentences(code: Code): { cashier: string; it: string } {
  return (language.value === 'en' ? sentencesEn : sentencesZh)[code]
}
