import { describe, expect, it } from 'vitest'

import type { TillView } from '../src/bindings/pos/TillView'
import { keyName } from '../src/kit/keyname'
import type { Deed, Panel } from '../src/pos/deed'
import { KEYMAP, remap, SOFT_KEYS } from '../src/pos/keymap'
import { payKey } from '../src/pos/pay'
import { isWholeNumber, numberKey, onlyTells, sellingKey } from '../src/pos/selling'
import { sellingView } from './fixture'

const VIEW = sellingView({ message: null })
const EMPTY = sellingView({ message: null, basket: { ...VIEW.basket, lines: [], selected: null } })
const KEYS: Panel = { name: 'keys' }

function selling(key: string, typed = '', view: TillView = VIEW): Deed {
  return sellingKey(KEYMAP, key, typed, view, KEYS)
}

const command = (deed: unknown) => (deed as { command: unknown }).command

describe("letters of a receipt's number", () => {
  it('are typed as they are printed, and never longer than a number', () => {
    expect(numberKey('h', '')).toEqual({ do: 'type', text: 'H' })
    expect(numberKey('T', 'H')).toEqual({ do: 'type', text: 'HT' })
    expect(numberKey('h', '9'.repeat(32))).toBeNull()
    expect(numberKey('4', '')).toBeNull()
    expect(numberKey('Enter', 'HT')).toBeNull()
  })
})

describe('a receipt’s number', () => {
  it.each(['HT01-2-20261128-0812-a7', 'TH01-3-20261121-0007-C4'])('is whole as it is printed (%s)', (number) => {
    expect(isWholeNumber(number)).toBe(true)
  })

  it.each(['', '9999', '0812-a7', 'HT01-2-20261128-0812', 'HT01-2-20261128-0812-a7-1'])('is not whole in part (%j)', (number) => {
    expect(isWholeNumber(number)).toBe(false)
  })
})

describe('a function key is faint', () => {
  it('where it could only say why it does nothing', () => {
    const faint = (view: TillView) => SOFT_KEYS.filter((action) => onlyTells(action, view))
    expect(faint(VIEW)).toEqual(['member', 'refund'])
    expect(faint(EMPTY)).toEqual(['member', 'quantity', 'price', 'remove', 'void', 'park'])
    const parked = [{ basket: 'p', at: '17:40', lines: 1, due_fen: 100, first: '生菜' }]
    expect(faint({ ...EMPTY, parked })).not.toContain('park')
  })
})

describe('keys of the selling screen', () => {
  it.each([
    ['a typed code', 'Enter', '4011', { cmd: 'enter', text: '4011' }],
    ['a quantity', '*', '12', { cmd: 'multiply', pieces: 12 }],
    ['更正 by Del', 'Delete', '', { cmd: 'remove_line', line: null }],
    ['更正 by F6', 'F6', '', { cmd: 'remove_line', line: null }],
    ['挂单', 'F8', '', { cmd: 'park' }],
    ['钱箱', 'F11', '', { cmd: 'open_drawer' }],
    ['the line above', 'ArrowUp', '', { cmd: 'select', line: 5 }],
    ['the line below', 'ArrowDown', '', { cmd: 'select', line: 7 }],
    ['清除 with nothing else to clear', 'Escape', '', { cmd: 'clear' }],
  ])('send %s', (_, key, typed, expected) => {
    expect(command(selling(key, typed))).toEqual(expected)
  })

  it.each([
    ['+', 'pay'],
    [' ', 'pay'],
    ['F1', 'help'],
    ['F2', 'search'],
    ['s', 'search'],
    ['F4', 'quantity'],
    ['F5', 'price'],
    ['F7', 'ask'],
    ['F10', 'documents'],
    ['F12', 'menu'],
  ])('%s opens %s', (key, name) => {
    expect(selling(key)).toMatchObject({ do: 'open', panel: { name } })
  })

  it('refund before or after a sale, not in it', () => {
    expect(selling('F9', '', EMPTY)).toEqual({ do: 'open', panel: { name: 'refund' } })
    expect(selling('F9')).toEqual({ do: 'hint', hint: 'basketFirst' })
  })

  it('collect digits and take the last one back', () => {
    expect(selling('7', '40')).toEqual({ do: 'type', text: '407' })
    expect(selling('Backspace', '407')).toEqual({ do: 'type', text: '40' })
  })

  it('never lose a typed code on the way to the money', () => {
    expect(selling('+', '4011')).toEqual({ do: 'hint', hint: 'typedFirst' })
  })

  it('do not pay for nothing', () => {
    expect(selling('+', '', EMPTY)).toEqual({ do: 'hint', hint: 'nothingRung' })
  })

  it('recall when nothing is rung and something is parked', () => {
    const parked = [{ basket: 'p', at: '17:40', lines: 1, due_fen: 100, first: '生菜' }]
    expect(selling('F8', '', { ...EMPTY, parked })).toEqual({ do: 'open', panel: { name: 'parked' } })
  })

  it('acknowledge an error before anything else', () => {
    const error = { sequence: 9, level: 'error', code: 'POS-SCN-001', args: {}, refused: 0 } as const
    expect(command(selling('Escape', '40', { ...VIEW, message: error }))).toEqual({ cmd: 'clear' })
    expect(selling('Escape', '40')).toEqual({ do: 'type', text: '' })
  })

  it('can be changed in one table', () => {
    const keymap = remap({ F3: 'park', '/': 'settle', F4: 'nonsense' })
    expect(command(sellingKey(keymap, 'F3', '', VIEW, KEYS))).toEqual({ cmd: 'park' })
    expect(sellingKey(keymap, '/', '', VIEW, KEYS)).toMatchObject({ panel: { name: 'pay' } })
    expect(sellingKey(keymap, 'F4', '', VIEW, KEYS)).toMatchObject({ panel: { name: 'quantity' } })
  })
})

describe('keys of the pay panel', () => {
  const cash = (amount_fen: number | null) => ({ cmd: 'tender', tender: 'cash', amount_fen, reference: null })

  it.each([
    ['exact cash', 'Enter', '', cash(null)],
    ['cash given', 'Enter', '54', cash(54_00)],
    ['cash given with fen', 'Enter', '54.5', cash(54_50)],
    ['¥20', 'F5', '', cash(20_00)],
    ['¥50', 'F6', '', cash(50_00)],
    ['¥100', 'F7', '', cash(100_00)],
  ])('take %s', (_, key, typed, expected) => {
    expect(command(payKey(KEYMAP, key, typed, VIEW))).toEqual(expected)
  })

  it.each([
    ['F8', 'wechat'],
    ['F9', 'alipay'],
    ['F10', 'card'],
  ])('%s asks the station for %s, which says whether a reference may be given', (key, tender) => {
    expect(command(payKey(KEYMAP, key, '', VIEW))).toEqual({ cmd: 'tender', tender, amount_fen: null, reference: null })
    expect(command(payKey(KEYMAP, key, '20', VIEW))).toMatchObject({ tender, amount_fen: 20_00 })
  })

  it.each([
    ['F4', 'quantity'],
    ['F12', 'menu'],
    ['Delete', 'remove'],
    ['*', 'times'],
    ['F2', 'search'],
  ])('ask before %s leaves the payment for what it means elsewhere', (key, action) => {
    expect(payKey(KEYMAP, key, '', VIEW)).toEqual({ do: 'open', panel: { name: 'leave_pay', key, action } })
  })

  it('ask before a key that a till moved 整单取消 to', () => {
    expect(payKey(remap({ F4: 'void' }), 'F4', '', VIEW)).toMatchObject({ panel: { name: 'leave_pay', action: 'void' } })
  })

  it('go back with Esc, and ask first when money was taken', () => {
    expect(payKey(KEYMAP, 'Escape', '', VIEW)).toEqual({ do: 'open', panel: KEYS })
    const taken = [{ tender: 'cash', amount_fen: 50_00, reference: null }]
    const split = sellingView({ message: null, pay: { ...VIEW.pay, taken } })
    expect(payKey(KEYMAP, 'Escape', '', split)).toEqual({ do: 'open', panel: { name: 'ask', question: 'clear_tenders' } })
  })

  it('lead back by Esc whatever the message line says, and take nothing on the next key', () => {
    const message = { sequence: 1, level: 'error' as const, code: 'POS-SCN-001' as const, args: {}, refused: 0 }
    expect(payKey(KEYMAP, 'Escape', '', { ...VIEW, message })).toEqual({ do: 'send', command: { cmd: 'clear' }, then: { name: 'keys' } })
    const taken = [{ tender: 'wechat', amount_fen: 100, reference: null }]
    expect(payKey(KEYMAP, 'Escape', '', { ...VIEW, message, pay: { ...VIEW.pay, taken } })).toBeNull()
  })

  it('refuse an amount that is none', () => {
    expect(payKey(KEYMAP, 'Enter', '5.4.1', VIEW)).toEqual({ do: 'hint', hint: 'amountWrong' })
    expect(payKey(KEYMAP, 'Enter', '69012345678', VIEW)).toEqual({ do: 'hint', hint: 'codeNotAmount', forgets: true })
    expect(payKey(KEYMAP, 'F8', '1.234', VIEW)).toEqual({ do: 'hint', hint: 'amountWrong' })
  })
})

describe('a key’s name', () => {
  it.each([
    ['a digit of the number pad without NumLock', { key: 'Home', code: 'Numpad7' }, '7'],
    ['the number pad’s plus', { key: '+', code: 'NumpadAdd' }, '+'],
    ['a full-width digit', { key: '６', code: 'Digit6' }, '6'],
    ['a letter that an input method swallowed', { key: 'Process', code: 'KeyS' }, 's'],
    ['a named key', { key: 'F12', code: 'F12' }, 'F12'],
  ])('is read from %s', (_, event, name) => {
    expect(keyName({ shiftKey: false, ...event })).toBe(name)
  })
})
