import type { Command } from '../bindings/pos/Command'
import type { Reply } from '../bindings/pos/Reply'
import type { TillView } from '../bindings/pos/TillView'
import { fill } from '../kit/i18n'
import { connect as connectStation, useStation, type Station } from '../kit/station'
import type { Strip } from '../kit/strip'
import { w } from '../kit/words'
import type { Host } from '../platform/host'

/** The till as this screen knows it. */
export type Till = Station<TillView, Command, Reply>

export const useTill = useStation<Till>

/** Connects the screen to its till and asks for the first picture. */
export function connect(host: Host<TillView, Command, Reply>): Till {
  return connectStation<TillView, Command, Reply>(host, strip)
}

function strip({ status }: TillView): Strip {
  const { shift_no: no, business_date: date, prices_as_of: at } = status
  return {
    site: status.store,
    number: status.till ? fill(w.value.till, { till: status.till }) : null,
    person: status.cashier ?? status.shift_cashier,
    notes: [
      ...(no === null ? [] : [{ id: 'shift', text: fill(w.value.shift, { no }) }]),
      ...(date ? [{ id: 'business-date', text: fill(w.value.businessDate, { date: date.slice(5) }) }] : []),
      ...(at ? [{ id: 'prices', text: fill(w.value.prices, { at }) }] : []),
    ],
    printer: status.cashier ? status.printer : null,
    network: status.network,
    toCome: status.to_come,
    disk: status.disk,
    nowMs: status.now_ms,
    utcOffsetMin: status.utc_offset_min,
  }
}
