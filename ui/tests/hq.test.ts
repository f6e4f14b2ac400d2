import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { decideLost } from '../src/hq/api'
import { change, difference } from '../src/hq/figures'
import { about, forWhom, says } from '../src/hq/lost'
import { dateBeside, siteDay } from '../src/hq/time'
import { language } from '../src/kit/i18n'

describe('a store-day', () => {
  beforeEach(() => void (language.value = 'zh-CN'))

  it('names the figure that differs, the till’s and the hub’s', () => {
    expect(difference({ field: 'tender:cash', was: 387, is: 386 })).toBe('付款方式 cash：收银机 ¥3.87，总部 ¥3.86')
    language.value = 'en'
    expect(difference({ field: 'sales', was: 790, is: 812 })).toBe('Receipts: till 790, HQ 812')
  })

  it('tells what a later version changed', () => {
    expect(change({ field: 'paid', was: 386, is: 466 })).toBe('实收 ¥3.86 → ¥4.66')
  })

  it('has neighbours across months and years', () => {
    expect([dateBeside('2026-12-31', 1), dateBeside('2024-03-01', -1)]).toEqual(['2027-01-01', '2024-02-29'])
  })

  it('tells a moment by the site’s clock', () => {
    expect(siteDay(Date.UTC(2026, 10, 21, 18, 4), 480)).toBe('11-22 02:04')
  })
})

describe('what a restore lost', () => {
  it('is told in words', () => {
    language.value = 'zh-CN'
    expect(about({ table: 'price', key: '70101' })).toBe('价格 70101')
    expect([forWhom('chain'), forWhom('site:HT01')]).toEqual(['全部门店', 'HT01'])
    expect([says('price', '{"fen":35,"per":"pc"}'), says('price', null), says('tax', '{}')]).toEqual(['¥0.35/件', '–', '{}'])
  })

  const row = { scope: 'chain', table: 'price', key: 'x1', epoch: 2, version: 7, effective_at_ms: 0, body: '{}', current: null, site: 'HT01', till: 1 }
  const listens = () => {
    const hub = vi.fn((_: string, __?: RequestInit) => Promise.resolve(new Response(null, { status: 204 })))
    vi.stubGlobal('fetch', hub)
    return () => JSON.parse(hub.mock.calls[0]?.[1]?.body as string) as unknown
  }

  afterEach(() => void vi.unstubAllGlobals())

  it('is published as the page showed it: all of the list, or a row in its version', async () => {
    let sent = listens()
    await decideLost('publish', { rows: [row], count: 1, shown: 'ab12' })
    expect(sent()).toEqual({ decision: 'publish', shown: 'ab12' })
    sent = listens()
    await decideLost('drop', row)
    expect(sent()).toEqual({ decision: 'drop', row: { scope: 'chain', table: 'price', key: 'x1', epoch: 2, version: 7 } })
  })
})
