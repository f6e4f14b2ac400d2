import { createSSRApp } from 'vue'
import { renderToString } from 'vue/server-renderer'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import feeds from '../../docs/feeds.md?raw'
import { decideLost } from '../src/hq/api'
import { change, difference } from '../src/hq/figures'
import { about, forWhom, says } from '../src/hq/lost'
import type { Stores } from '../src/hq/stores'
import AttentionList from '../src/hq/AttentionList.vue'
import type { Today } from '../src/hq/bindings/Today'
import HourChart from '../src/hq/HourChart.vue'
import { dateBeside, siteDay } from '../src/hq/time'
import { language } from '../src/kit/i18n'

describe('a store-day', () => {
  beforeEach(() => void (language.value = 'zh-CN'))

  it('names the figure that differs, the till’s and the hub’s', () => {
    const names = [{ field: 'tender:cash', name: '现金', name_en: 'Cash' }]
    const cash = { field: 'tender:cash', was: 387, is: 386 }
    expect(difference(cash, names)).toBe('付款方式 现金：收银机 ¥3.87，总部 ¥3.86')
    expect(difference({ ...cash, field: 'tender:x9' }, names)).toBe('付款方式 未登记的（x9）：收银机 ¥3.87，总部 ¥3.86')
    language.value = 'en'
    expect(difference(cash, names)).toBe('Tender Cash: till ¥3.87, HQ ¥3.86')
    expect(difference({ field: 'sales', was: 790, is: 812 }, names)).toBe('Receipts: till 790, HQ 812')
  })

  it('tells what a later version changed', () => {
    expect(change({ field: 'paid', was: 386, is: 466 }, [])).toBe('实收 ¥3.86 → ¥4.66')
  })

  it('has neighbours across months and years', () => {
    expect([dateBeside('2026-12-31', 1), dateBeside('2024-03-01', -1)]).toEqual(['2027-01-01', '2024-02-29'])
  })

  it('tells a moment by the site’s clock', () => {
    expect(siteDay(Date.UTC(2026, 10, 21, 18, 4), 480)).toBe('11-22 02:04')
  })
})

describe('sales by hour', () => {
  it('begin with the business date and end in the night after it', async () => {
    const hours = [{ hour: 9, paid_fen: 386, sales: 1 }, { hour: 1, paid_fen: 80, sales: 1 }]
    const drawn = await renderToString(createSSRApp(HourChart, { hours, starts: 4 }))
    const told = [...drawn.matchAll(/>(\d+):00<\/text>/g)].map((found) => Number(found[1]))
    expect(told).toEqual([6, 8, 10, 12, 14, 16, 18, 20, 22, 0])
    expect(drawn).toMatch(/class="value"[^>]*>¥0\.80</)
  })
})

describe('what is to be seen', () => {
  const today: Today = {
    date: '2026-11-21', as_of_ms: 0, utc_offset_min: 480, day_starts_hour: 4, stands_since_ms: null,
    paid_fen: 0, sales: 0, average_fen: 0, refunds: 1, received: 2, missing: 0,
    stores: [
      { site: 'HT01', name: '人民路店', paid_fen: 0, sales: 0, refunds: 1, missing: 0 },
      { site: 'HT02', name: '天河店', paid_fen: 0, sales: 0, refunds: 0, missing: 0 },
    ],
    hours: [], stations: [], unclosed_shifts: [], problems: [],
    offline_refunds: [
      { date: '2026-11-20', site: 'HT01', till: 2, receipt: 'HT01-2-20261120-0812-a7', refund: 'HT01-2-20261120-0813-a7', cashier: '1101', refunded_fen: 386, pending: 0 },
    ],
    looked_up: [{ site: 'HT02', till: 1, of: 'HT01', receipts: 48 }],
    cut: [],
  }
  const text = async (shown: Today) => (await renderToString(createSSRApp(AttentionList, { today: shown }))).replace(/<[^>]+>/g, '|')

  it('is what was refunded offline and whose receipts were looked up, apart from what is wrong', async () => {
    language.value = 'zh-CN'
    const told = await text(today)
    expect(told).toContain('需要处理 |0|')
    expect(told).toContain('断网时的退货 |1|')
    expect(told).toMatch(/人民路店 · 2 号机 退 ¥3\.86\|+2026-11-20 小票 HT01-2-20261120-0812-a7，退货单 HT01-2-20261120-0813-a7，收银员 1101/)
    expect(told).toMatch(/天河店 · 1 号机\|+查看了 人民路店 的小票 48 张/)
    language.value = 'en'
    expect(await text(today)).toMatch(/till 2 gave back ¥3\.86.*HQ could not be asked then/)
    expect(await text({ ...today, offline_refunds: [], looked_up: [] })).not.toContain('offline')
  })

  it('says where a list goes on', async () => {
    language.value = 'zh-CN'
    const told = await text({ ...today, cut: ['problems', 'offline_refunds'] })
    expect(told).toContain('需要处理 |0+|')
    expect(told).toContain('断网时的退货 |1+|')
    expect(told.match(/只列出了最前面的/g)).toHaveLength(2)
    expect(await text(today)).not.toContain('只列出了')
  })
})

describe('what a restore lost', () => {
  const stores = [{ site: 'HT01', name: '柳荫路店' }] as unknown as Stores
  const told = (table: string, now: unknown, lost: unknown) => {
    const body = (it: unknown) => (it === null ? null : JSON.stringify(it))
    return says({ table, current: body(now), body: body(lost) })
  }

  it('is told in words, with what is the same left out', () => {
    language.value = 'zh-CN'
    expect([about({ table: 'price', key: '70101' }), about({ table: 'settings', key: 'settings' })]).toEqual(['价格 70101', '门店设置'])
    expect(['chain', 'site:HT01', 'zone:east'].map((scope) => forWhom(scope, stores))).toEqual(['全部门店', '柳荫路店', 'east'])
    expect(told('price', null, { fen: 35, per: 'pc' })).toBe('现在 无　丢失 ¥0.35/件')
    expect(told('price', { fen: 20, per: 'pc' }, null)).toBe('现在 ¥0.20/件　丢失 删除')
    const item = { code: '10101', name: '菠菜', sold_by: 'weight', aliases: [] }
    expect(told('item', item, { ...item, name: '大菠菜', sold_by: 'piece', aliases: ['菠薐', '红根菜'] })).toBe(
      '现在 名称 菠菜 · 计量 按重量 · 别名 无　丢失 名称 大菠菜 · 计量 按件 · 别名 菠薐、红根菜',
    )
    expect(told('settings', { rounding: 'fen', cashier_discount_bp: 500, ask_line: 200000 }, { rounding: 'jiao' })).toBe(
      '现在 抹零 抹分 · 收银员折扣上限 5% · 大额先问 ¥2,000.00　丢失 抹零 抹角 · 收银员折扣上限 无 · 大额先问 无',
    )
    expect(told('staff', null, null)).toBe('内容不在这里显示')
  })

  it('has a word for every field that is published', () => {
    const samples = feeds.matchAll(/```json (\w+)\n([\s\S]*?)```/g)
    const rows = [...samples].map(([, table = '', body = '']) => ({ table, body, current: null }))
    expect(rows.length).toBeGreaterThan(8)
    language.value = 'zh-CN'
    for (const row of rows.filter(({ table }) => !['price', 'staff', 'dictionary'].includes(table))) {
      expect(says(row).split('丢失 ')[1]!.split(' · ').filter((one) => /^[a-z_]+ /.test(one)), row.table).toEqual([])
    }
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
