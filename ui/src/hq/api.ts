import type { Lost } from './bindings/Lost'
import type { LostRow } from './bindings/LostRow'
import type { Me } from './bindings/Me'
import type { StoreDays } from './bindings/StoreDays'
import type { Today } from './bindings/Today'
import { takeActed } from './acted'
import { PATHS } from './bindings/paths'

/** The hub refused or did not answer. */
export class Refused extends Error {
  /** HTTP status; 0 when there was no answer. */
  constructor(readonly status: number) {
    super(`the hub answered ${status}`)
  }
}

/** How HQ's page reaches its hub: the session is a cookie that no script sees. */
async function ask(path: string, init?: RequestInit): Promise<Response> {
  const headers = { ...takeActed(), ...(init?.headers as Record<string, string> | undefined) }
  const response = await fetch(path, { cache: 'no-store', ...init, headers }).catch(() => {
    throw new Refused(0)
  })
  if (!response.ok) throw new Refused(response.status)
  return response
}

async function post(path: string, body: unknown): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  await ask(path, { method: 'POST', headers, body: JSON.stringify(body) })
}

export async function signIn(name: string, password: string): Promise<void> {
  await post(PATHS.session, { name, password })
}

export async function signOut(): Promise<void> {
  await ask(PATHS.session, { method: 'DELETE' })
}

export async function who(): Promise<Me> {
  return (await ask(PATHS.session)).json() as Promise<Me>
}

export async function today(): Promise<Today> {
  return (await ask(PATHS.today)).json() as Promise<Today>
}

export async function storeDays(date: string): Promise<StoreDays> {
  return (await ask(`${PATHS.storeDays}?date=${date}`)).json() as Promise<StoreDays>
}

/** Lets a till's day stand as it is, in the name of whoever signed in. */
export async function excuse(till: { site: string; date: string; till: number; reason: string }): Promise<void> {
  await post(PATHS.excuse, till)
}

export async function lost(): Promise<Lost> {
  return (await ask(PATHS.lost)).json() as Promise<Lost>
}

/**
 * Publishes again what a restore lost, or lets it go: a row, or all of a list. The hub refuses with 409 when that is not
 * what waits any more.
 */
export async function decideLost(decision: 'publish' | 'drop', what: Lost | LostRow): Promise<void> {
  if ('shown' in what) return await post(PATHS.lost, { decision, shown: what.shown })
  const { scope, table, key, epoch, version } = what
  await post(PATHS.lost, { decision, row: { scope, table, key, epoch, version } })
}
