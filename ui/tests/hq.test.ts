import { beforeEach, describe, expect, it } from 'vitest'

import { change, difference } from '../src/hq/figures'
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
