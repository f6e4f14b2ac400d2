import { onScopeDispose, watch, type ShallowRef } from 'vue'

/** A row is in sight as a whole although rounding took a fraction of a pixel from it. */
const WHOLE = 0.98

/** Keeps a list's row that its scrolling box would cut unseen: half a line reads as another one. */
export function useWholeRows(list: Readonly<ShallowRef<HTMLElement | null>>, rows: () => unknown): void {
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { target, intersectionRatio, boundingClientRect: row } of entries) {
        // One that is higher than the box is never whole, and must be seen all the same.
        const isCut = intersectionRatio < WHOLE && row.height <= (list.value?.closest('.scroll')?.clientHeight ?? 0)
        ;(target as HTMLElement).style.visibility = isCut ? 'hidden' : ''
      }
    },
    { threshold: WHOLE },
  )
  function observe(): void {
    observer.disconnect()
    for (const row of list.value?.children ?? []) observer.observe(row)
  }
  watch([list, rows], observe, { flush: 'post' })
  onScopeDispose(() => observer.disconnect())
}
