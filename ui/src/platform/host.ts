import type { Code } from '../bindings/Code'
import type { Language } from '../bindings/Language'

/** The station behind the screen, however it is reached. */
export interface Host<View, Command, Reply> {
  /** Sends one command; rejects with a {@link StartFailure} when the station could not start. */
  call(command: Command): Promise<Reply>
  /** Pictures that come by themselves: network, printer, scale. */
  onView(show: (view: View) => void): void
  /** The window's own close button was pressed. */
  onCloseAsked(ask: () => void): void
}

/** Why the station did not start. */
export interface StartFailure {
  code: Code
  args: Record<string, string>
  /** What this machine's screen speaks. */
  language?: Language
}

export function isStartFailure(reason: unknown): reason is StartFailure {
  return typeof reason === 'object' && reason !== null && 'code' in reason && 'args' in reason
}
