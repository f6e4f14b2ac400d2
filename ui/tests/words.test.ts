import { beforeEach, describe, expect, it } from 'vitest'

import type { NetworkView } from '../src/bindings/NetworkView'
import { clock, kilograms, money, parseFen, parseGrams, price, typedYuan, yuan } from '../src/kit/format'
import { language, sentence } from '../src/kit/i18n'
import { diskPill, networkPill, printerPill } from '../src/kit/status'

describe('money and weight', () => {
  it.each([
    [0, '0.00'],
    [5, '0.05'],
    [8959, '89.59'],
    [128430642, '1,284,306.42'],
    [-120, '−1.20'],
  ])('%i fen is %s', (fen, text) => {
    expect(yuan(fen)).toBe(text)
  })

  it('stand on their own basis', () => {
    expect(money(30)).toBe('¥0.30')
    expect(money(-120)).toBe('−¥1.20')
    expect(kilograms(482)).toBe('0.482')
    expect(price({ fen: 400, per: '500g' })).toBe('4.00/500g')
  })

  it.each([
    ['54', 5400],
    ['54.5', 5450],
    ['.5', 50],
    ['0', 0],
    ['54.', 5400],
    ['', null],
    ['.', null],
    ['1.234', null],
    ['1.2.3', null],
    ['12345678', null],
  ])('%j is read as %s fen', (typed, fen) => {
    expect(parseFen(typed)).toBe(fen)
  })

  it.each([
    ['', '–'],
    ['5', '5.00'],
    ['12345.6', '12,345.60'],
    ['1.2.3', '1.2.3'],
  ])('%j is shown as %s while it is typed', (typed, shown) => {
    expect(typedYuan(typed)).toBe(shown)
  })

  it('a typed weight is in kilograms', () => {
    expect(parseGrams('0.482')).toBe(482)
    expect(parseGrams('1')).toBe(1000)
  })

  it('the clock is the site’s, whatever this machine’s zone', () => {
    expect(clock(Date.UTC(2026, 10, 21, 10, 4), 480)).toBe('18:04')
  })
})

describe('the strip', () => {
  const network = (view: NetworkView) => networkPill(view).text
  beforeEach(() => void (language.value = 'zh-CN'))

  it('tells the network in the words of the shop', () => {
    expect(network({ state: 'online', received_to: 812, missing: 0 })).toBe('● 联网 总部已收 1–812，缺 0')
    expect(network({ state: 'catching_up', left: 37 })).toBe('◐ 补传中 剩 37 笔')
    expect(network({ state: 'offline', since: '14:02', held: 37, why: null })).toBe('▲ 断网 14:02 起，照常收银 37 笔已存本机')
    expect(network({ state: 'refused', number: 776 })).toBe('■ 总部拒收第 776 笔，照常收银，请报 IT')
  })

  it('tells it in English with the same shapes', () => {
    language.value = 'en'
    expect(network({ state: 'online', received_to: 812, missing: 0 })).toBe('● Online · HQ has 1–812, 0 missing')
    expect(network({ state: 'catching_up', left: 37 })).toBe('◐ Catching up · 37 to send')
    expect(network({ state: 'offline', since: '14:02', held: 37, why: null })).toBe('▲ Offline since 14:02, selling on · 37 kept here')
    expect(network({ state: 'refused', number: 776 })).toBe('■ HQ refused no. 776, selling on: tell IT')
  })

  it('counts by thousands', () => {
    language.value = 'zh-CN'
    expect(network({ state: 'online', received_to: 6120, missing: 0 })).toBe('● 联网 总部已收 1–6,120，缺 0')
    expect(network({ state: 'offline', since: '14:02', held: 1037, why: null })).toContain('1,037 笔')
  })

  it('is amber when the hub lacks something', () => {
    expect(networkPill({ state: 'online', received_to: 812, missing: 2 }).tone).toBe('amber')
  })

  it('never tells an unreadable printer as ready', () => {
    expect(printerPill('unknown')).toEqual({ text: '? 打印机状态未知', tone: 'amber' })
  })

  it('says nothing about the disk while there is enough', () => {
    expect(diskPill('enough')).toBeNull()
  })
})

describe('a code’s sentence', () => {
  it('is filled in the language of the screen', () => {
    language.value = 'zh-CN'
    expect(sentence('POS-SCN-004', { line: '3' })).toBe('同一标签已在第 3 行，两袋请继续')
    language.value = 'en'
    expect(sentence('POS-SCN-004', { line: '3' })).toContain('3')
  })
})
