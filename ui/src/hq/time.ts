/** A moment on the sites' clocks, `HH:MM:SS`, whatever the zone of this computer. */
export function siteTime(ms: number, utcOffsetMin: number): string {
  return new Date(ms + utcOffsetMin * 60_000).toISOString().slice(11, 19)
}
