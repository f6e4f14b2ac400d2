import type { DiskView } from '../bindings/DiskView'
import type { NetworkView } from '../bindings/NetworkView'
import type { PrinterView } from '../bindings/PrinterView'

/** What the strip says of a station. */
export interface Strip {
  /** The site's name; empty before it is known. */
  site: string
  /** Which station of the site; null before it is one. */
  number: string | null
  /** Who is there, or whose work stands open. */
  person: string | null
  /** More of the station's own, each under its id. */
  notes: { id: string; text: string }[]
  /** Null where it is nobody's business yet. */
  printer: PrinterView | null
  network: NetworkView
  toCome: number | null
  disk: DiskView
  /** Milliseconds since 1970 when the picture was made, and minutes east of UTC. */
  nowMs: number
  utcOffsetMin: number
}
