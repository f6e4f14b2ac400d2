import type { Command } from '../bindings/wms/Command'
import type { DeskView } from '../bindings/wms/DeskView'
import type { Reply } from '../bindings/wms/Reply'
import { connect as connectStation, useStation, type Station } from '../kit/station'
import { fill } from '../kit/i18n'
import type { Strip } from '../kit/strip'
import type { Host } from '../platform/host'
import { w } from './words'

/** The warehouse's desk as this screen knows it. */
export type Desk = Station<DeskView, Command, Reply>

export const useDesk = useStation<Desk>

/** Connects the screen to its desk and asks for the first picture. */
export function connect(host: Host<DeskView, Command, Reply>): Desk {
  return connectStation<DeskView, Command, Reply>(host, strip)
}

function strip({ status }: DeskView): Strip {
  return {
    site: status.site,
    number: status.desk ? fill(w.value.desk, { desk: status.desk }) : null,
    person: status.person,
    notes: [],
    printer: status.person === null ? null : status.printer,
    network: status.network,
    toCome: status.to_come,
    disk: status.disk,
    nowMs: status.now_ms,
    utcOffsetMin: status.utc_offset_min,
  }
}
