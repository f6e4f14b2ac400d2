import type { DiskView } from '../bindings/DiskView'
import type { NetworkView } from '../bindings/NetworkView'
import type { PrinterView } from '../bindings/PrinterView'
import { fill } from './i18n'
import { w } from './words'

/** A short state in the strip. *Tone:* how it is coloured; its first character is a shape that says the same. */
export interface Pill {
  text: string
  tone: 'calm' | 'amber' | 'vermilion'
}

/** The network line. It never asks and never sounds: selling goes on whatever it says. */
export function networkPill(view: NetworkView): Pill {
  switch (view.state) {
    case 'online': {
      const { received_to: to, missing } = view
      if (to === 0 && missing === 0) return { text: w.value.net_online_none, tone: 'calm' }
      return { text: fill(w.value.net_online, { to, missing }), tone: missing === 0 ? 'calm' : 'amber' }
    }
    case 'catching_up':
      return { text: fill(w.value.net_catching_up, view), tone: 'amber' }
    case 'offline':
      // A till that has not spoken to its hub since it started does not know since when.
      return { text: fill(view.since ? w.value.net_offline : w.value.net_offline_start, { since: view.since, held: view.held }), tone: 'amber' }
    case 'refused':
      if (view.number === 0) return { text: w.value.net_refused_other, tone: 'vermilion' }
      return { text: fill(w.value.net_refused, view), tone: 'vermilion' }
  }
}

const PRINTER_TONE: Record<PrinterView, Pill['tone']> = {
  none: 'calm',
  ready: 'calm',
  unknown: 'amber',
  paper_low: 'amber',
  paper_out: 'vermilion',
  cover_open: 'amber',
  offline: 'vermilion',
}

export function printerPill(view: PrinterView): Pill {
  return { text: w.value[`printer_${view}`], tone: PRINTER_TONE[view] }
}

/** Nothing while every entry is here. */
export function salvagePill(toCome: number | null): Pill | null {
  return toCome === null ? null : { text: fill(w.value.to_come, { count: toCome }), tone: 'amber' }
}

/** Nothing while there is enough room. */
export function diskPill(view: DiskView): Pill | null {
  if (view === 'enough') return null
  return { text: w.value[`disk_${view}`], tone: view === 'full' ? 'vermilion' : 'amber' }
}
