/** A moment on the sites' clocks, `HH:MM:SS`, whatever the zone of this computer. */
export function siteTime(ms: number, utcOffsetMin: number): string {
  return new Date(ms + utcOffsetMin * 60_000).toISOString().slice(11, 19)
}

/** A moment on the sites' clocks with its day, `MM-DD HH:MM`. */
export function siteDay(ms: number, utcOffsetMin: number): string {
  return new Date(ms + utcOffsetMin * 60_000).toISOString().slice(5, 16).replace('T', ' ')
}

/** The date so many days after `yyyy-mm-dd`. */
export function dateBeside(date: string, days: number): string {
  const beside = new Date(`${date}T00:00:00Z`)
  beside.setUTCDate(beside.getUTCDate() + days)
  return beside.toISOString().slice(0, 10)
}
