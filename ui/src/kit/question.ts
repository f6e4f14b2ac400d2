import { ref, watch, type Ref } from 'vue'

import { useLayer, type Level } from './surface'

/** An Enter so soon was pressed twice before anybody could read what is asked, milliseconds. */
export const READ_MS = 300

/** A question with two answers, Enter and Esc. A scan answers neither unless `scan` says otherwise. */
export interface Question {
  level: Level
  /** What is asked: another text is another question. */
  text: () => string
  yes(): void
  no(): void
  scan?(text: string): boolean
}

/**
 * Hears the answer while the calling component lives. What is typed under a question was meant for another screen, and so
 * was the Enter that ends it: that one only points back at the question. Tells whether to point.
 */
export function useQuestion({ level, text, yes, no, scan }: Question): Readonly<Ref<boolean>> {
  const pointed = ref(false)
  let holdsEnter = false
  let askedAt = performance.now()

  watch(text, () => {
    pointed.value = false
    holdsEnter = false
    askedAt = performance.now()
  })
  useLayer({
    level,
    key(key) {
      if (key === 'Escape') no()
      else if (key === 'Enter' && performance.now() - askedAt < READ_MS) pointed.value = true
      else if (key === 'Enter' && !holdsEnter) yes()
      else if (key === 'Enter') holdsEnter = false
      else if (key.length === 1) pointed.value = holdsEnter = true
      return true
    },
    ...(scan && { scan }),
  })
  return pointed
}
