import { describe, expect, it } from 'vitest'

import en from '../src/bindings/messages.en.json'
import zh from '../src/bindings/messages.zh-CN.json'
import { fill } from '../src/kit/i18n'
import { en as wordsEn } from '../src/pos/words.en'
import { zh as wordsZh } from '../src/pos/words.zh-CN'

/** The message line at 1024×768: 616 px less its edges and its mark; 48 px are two lines. An error's code follows its last word. */
const LINE_PX = 616 - 32 - 30
const LINES_MAX = 2

/** Widths at 17 px and semi-bold, of the widest of each class in the fonts that tills have. */
function px(character: string): number {
  if (/[ijltfrI.,:;!'()\- ]/.test(character)) return 6.5
  if (/[mwMW@%]/.test(character)) return 16
  if (/[a-z]/.test(character)) return 10
  return character.charCodeAt(0) < 0x2000 ? 11.5 : 17
}

/** How many lines a sentence takes: words of letters stay whole, hanzi break anywhere. */
function lines(sentence: string): number {
  let count = 1
  let at = 0
  for (const part of sentence.match(/[!-~¥]+|\s|[^!-~¥\s]/gu) ?? []) {
    const width = [...part].reduce((sum, character) => sum + px(character), 0)
    if (at + width > LINE_PX && part !== ' ') {
      count += Math.max(1, Math.ceil(width / LINE_PX))
      at = 0
    }
    at += width % LINE_PX
  }
  return count
}

/** As long as each place of a sentence is filled in a shop. */
const ARGS: Record<string, string> = {
  age: '18',
  amount: '¥99,999.99',
  at: '14:02',
  before: '¥99,999.99',
  cash: '¥99,999.99',
  code: '6901234567892',
  copy: '12',
  count: '1,234',
  counted: '¥99,999.99',
  currency: '840',
  date: '2026-11-28',
  due: '¥99,999.99',
  expected: '¥99,999.99',
  first: '锡林郭勒羔羊后腿肉',
  host: 'hub.hetian.example',
  hub_code: 'HUB-ENR-003',
  left: '¥99,999.99',
  line: '123',
  lines: '123',
  max: '500',
  name: '锡林郭勒散养羔羊后腿肉',
  number: 'HT01-1-20261128-0812-a7',
  other: '¥99,999.99',
  over: '−¥99,999.99',
  paid: '¥99,999.99',
  part: '(393n)',
  path: 'D:\\receipts\\till-1.bin',
  pieces: '1,234',
  port: '8443',
  quantity: '999 礼盒',
  reference: '420000123420',
  salvaged: '1,234,567',
  tender: '数字人民币',
  till: '12',
  to_come: '1,234,567',
  until: '14:02',
}

type Sentences = Record<string, { cashier: string }>
const LANGUAGES: readonly [string, Sentences][] = [
  ['zh-CN', zh],
  ['en', en],
]

describe.each(LANGUAGES)('a cashier’s sentence in %s', (_, sentences) => {
  const all = Object.entries(sentences)

  it('fits the message line, as long as its places are filled in a shop', () => {
    const long = all.map(([code, { cashier }]) => `${fill(cashier, ARGS)} ${code}`).filter((told) => lines(told) > LINES_MAX)
    expect(long).toEqual([])
  })

  it('has no word of the machine room, and calls the manager 店长', () => {
    const strange = /(?<!\{)\b(hub|server|ledger|journal|entries|fsync|tender|catalogue|null)\b|\{(reason|what)\}|经理|负责人/i
    expect(all.filter(([code, { cashier }]) => code !== 'POS-ACC-008' && strange.test(cashier))).toEqual([])
  })
})

it('what the screen itself says fits the message line', () => {
  const said = [...Object.entries(wordsZh), ...Object.entries(wordsEn)].filter(([name]) => !name.startsWith('help'))
  expect(said.filter(([, words]) => lines(fill(words, ARGS)) > LINES_MAX)).toEqual([])
})
