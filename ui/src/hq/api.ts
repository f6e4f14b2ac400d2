import type { Today } from './bindings/Today'
import type { User } from './bindings/User'

/** How HQ's page reaches its hub: the session is a cookie that no script sees. */
const ROOT = '/api/v1/hq'

/** The hub refused or did not answer. */
export class Refused extends Error {
  /** HTTP status; 0 when there was no answer. */
  constructor(readonly status: number) {
    super(`the hub answered ${status}`)
  }
}

async function ask(path: string, init?: RequestInit): Promise<Response> {
  const response = await fetch(ROOT + path, { cache: 'no-store', ...init }).catch(() => {
    throw new Refused(0)
  })
  if (!response.ok) throw new Refused(response.status)
  return response
}

export async function signIn(name: string, password: string): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  await ask('/session', { method: 'POST', headers, body: JSON.stringify({ name, password }) })
}

export async function signOut(): Promise<void> {
  await ask('/session', { method: 'DELETE' })
}

export async function who(): Promise<User> {
  return (await ask('/session')).json() as Promise<User>
}

export async function today(): Promise<Today> {
  return (await ask('/today')).json() as Promise<Today>
}
