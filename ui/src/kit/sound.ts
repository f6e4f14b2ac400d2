import type { Level } from '../bindings/Level'

/** A tone: pitch, and when it starts and ends in seconds. */
type Tone = readonly [hertz: number, start: number, end: number]

const TONES: Record<Level, readonly Tone[]> = {
  // Success is silent: the scanner beeps.
  info: [],
  warning: [[660, 0, 0.12]],
  error: [
    [400, 0, 0.15],
    [300, 0.15, 0.4],
  ],
}
const LOUDNESS = 0.25
/** Long enough that the edges of a tone do not click, seconds. */
const FADE = 0.008

let audio: AudioContext | null = null

/** Plays the tones of a level once. A till without a sound device stays silent: the message line says the same. */
export function play(level: Level): void {
  const tones = TONES[level]
  if (tones.length === 0 || typeof AudioContext === 'undefined') return
  audio ??= new AudioContext()
  void audio.resume()
  for (const tone of tones) sound(audio, tone)
}

function sound(context: AudioContext, [hertz, start, end]: Tone): void {
  const now = context.currentTime
  const oscillator = new OscillatorNode(context, { type: 'square', frequency: hertz })
  const gain = new GainNode(context, { gain: 0 })
  gain.gain.setValueAtTime(0, now + start)
  gain.gain.linearRampToValueAtTime(LOUDNESS, now + start + FADE)
  gain.gain.setValueAtTime(LOUDNESS, now + end - FADE)
  gain.gain.linearRampToValueAtTime(0, now + end)
  oscillator.connect(gain).connect(context.destination)
  oscillator.start(now + start)
  oscillator.stop(now + end)
}
