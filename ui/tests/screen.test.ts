import { nextTick } from 'vue'
import { describe, expect, it } from 'vitest'

import type { Command } from '../src/bindings/pos/Command'
import type { Found } from '../src/bindings/pos/Found'
import type { MessageView } from '../src/bindings/MessageView'
import type { Prompt } from '../src/bindings/pos/Prompt'
import type { RefundView } from '../src/bindings/pos/RefundView'
import EnrolScreen from '../src/kit/EnrolScreen.vue'
import MessageLine from '../src/kit/MessageLine.vue'
import { scan } from '../src/kit/surface'
import BasketList from '../src/pos/BasketList.vue'
import { KEYS } from '../src/pos/deed'
import { KEYMAP } from '../src/pos/keymap'
import ChoosePrompt from '../src/pos/panels/ChoosePrompt.vue'
import CashPanel from '../src/pos/panels/CashPanel.vue'
import CountPanel from '../src/pos/panels/CountPanel.vue'
import DocumentsPanel from '../src/pos/panels/DocumentsPanel.vue'
import MenuPanel from '../src/pos/panels/MenuPanel.vue'
import ParkedPanel from '../src/pos/panels/ParkedPanel.vue'
import PricePanel from '../src/pos/panels/PricePanel.vue'
import QuantityPanel from '../src/pos/panels/QuantityPanel.vue'
import RefundLines from '../src/pos/panels/RefundLines.vue'
import RefundPanel from '../src/pos/panels/RefundPanel.vue'
import SearchPanel from '../src/pos/panels/SearchPanel.vue'
import WeighPrompt from '../src/pos/panels/WeighPrompt.vue'
import RefundBasket from '../src/pos/RefundBasket.vue'
import RefundTotals from '../src/pos/RefundTotals.vue'
import SellingScreen from '../src/pos/SellingScreen.vue'
import SignInScreen from '../src/pos/SignInScreen.vue'
import { sellingView } from './fixture'
import { heard, leaveAll, pressAll, show } from './memory'

const VIEW = sellingView({ message: null })
const EMPTY = sellingView({ message: null, basket: { ...VIEW.basket, lines: [], selected: null } })

function hit(item: string, name: string) {
  return { item, name, aliases: [], category: '', price: { fen: 680, per: '袋' }, barcode: null, origin: null, pieces: 1 }
}
const CRISPS = [hit('2003', '薯片原味'), hit('2004', '薯片番茄')]

/** Answers a command of one name, and no other. */
const finds = (cmd: Command['cmd'], found: unknown) => (command: Command) => (command.cmd === cmd ? (found as Found) : null)
const asks = (sent: readonly Command[], cmd: Command['cmd']) => sent.filter((command) => command.cmd === cmd)

describe('a figure that was refused', () => {
  it('is typed anew by the next digit, or mended by the next Backspace', async () => {
    const { desk } = show(SellingScreen, { keymap: KEYMAP }, VIEW)
    desk.open({ name: 'cash', kind: 'drop' })
    await nextTick()
    await pressAll('1 . 5 . 2 Enter')
    expect([desk.hint.value, desk.typed.value]).toEqual(['amountWrong', '1.5.2'])
    await pressAll('3 0')
    expect(desk.typed.value).toBe('30')
    await pressAll('. . Enter Backspace Backspace 5')
    expect(desk.typed.value).toBe('305')
  })
})

describe('a payment that was begun', () => {
  const taken = [{ tender: 'wechat', amount_fen: 20_00, reference: '4200' }]
  const begun = sellingView({ message: null, pay: { ...VIEW.pay, taken } })

  it('has its panel again, wherever the cashier comes from', () => {
    const { desk } = show(MenuPanel, {}, begun)
    desk.open({ name: 'menu' })
    expect(desk.panel.value.name).toBe('menu')
    desk.open(KEYS)
    expect(desk.panel.value.name).toBe('pay')
  })

  it('has its panel as soon as the till tells of it, and no longer', async () => {
    const { desk, view } = show(MenuPanel, {}, { ...begun, screen: 'sign_in' })
    view.value = begun
    await nextTick()
    expect(desk.panel.value.name).toBe('pay')
    view.value = VIEW
    await nextTick()
    expect(desk.panel.value).toEqual(KEYS)
  })
})

describe('Enter picks nothing that nobody selected', () => {
  it.each([
    [false, []],
    [true, ['2003']],
  ])('of what a search finds, unless one was meant (%s)', async (sure, added) => {
    const { desk, sent } = show(SearchPanel, { first: 's' }, VIEW, finds('search', { kind: 'items', items: CRISPS, sure }))
    await heard()
    await pressAll('Enter')
    expect(asks(sent, 'add_item')).toEqual(added.map((item) => ({ cmd: 'add_item', item })))
    expect(desk.hint.value).toBe(sure ? null : 'selectFirst')
  })

  it('of several items with one code', async () => {
    const prompt = { kind: 'choose', items: CRISPS } as Extract<Prompt, { kind: 'choose' }>
    const { desk, sent } = show(ChoosePrompt, { prompt })
    await pressAll('Enter')
    expect([desk.hint.value, sent]).toEqual(['selectFirst', []])
    await pressAll('ArrowDown Enter')
    expect(sent).toEqual([{ cmd: 'choose', index: 0 }])
  })

  it('of the receipts that could be refunded, also after a number that none has', async () => {
    const documents = [VIEW.last_document!]
    const listed = (command: Command) =>
      command.cmd === 'find_documents' ? ({ kind: 'documents', documents: command.number ? [] : documents } as Found) : null
    const { root, desk, sent } = show(RefundPanel, {}, EMPTY, listed)
    await heard()
    await pressAll('Enter')
    expect([desk.hint.value, asks(sent, 'refund_lookup')]).toEqual(['selectFirst', []])
    desk.typed.value = '9999'
    await pressAll('Enter')
    await heard()
    expect(root.find('refund-none')!.says()).toContain('没有小票 9999')
    await pressAll('Enter Enter')
    expect(asks(sent, 'refund_lookup')).toEqual([{ cmd: 'refund_lookup', number: '9999' }])
  })

  it('of the parked baskets', async () => {
    const parked = [{ basket: 'p', at: '17:40', lines: 1, due_fen: 100, first: '生菜' }]
    const { desk, sent } = show(ParkedPanel, {}, { ...EMPTY, parked })
    await pressAll('Enter')
    expect([desk.hint.value, sent]).toEqual(['selectFirst', []])
  })
})

describe('a refund that is put together', () => {
  const refund: RefundView = {
    number: '0812-A7', total_fen: 3_80, held_fen: 2, to_cash: false, hub: 'silent' as const, returned_fen: 0,
    lines: [{ name: '菠菜', quantity: { kind: 'weight', grams: 482 }, amount_fen: 3_80, restock: false }],
    tenders: [{ tender: 'wechat', amount_fen: 2_00, reference: null }, { tender: 'cash', amount_fen: 1_80, reference: null }],
  }

  it('has B and T of its own: its lines, and its sum by tender', () => {
    const { root, desk } = show(SellingScreen, { keymap: KEYMAP }, { ...EMPTY, refund, closed: null })
    expect(root.find('refund-due')).toBeUndefined()
    desk.open({ name: 'refund' })
    return nextTick().then(() => {
      expect(root.find('refunded-line')!.says()).toContain('菠菜')
      expect(root.find('refund-due')!.says()).toBe('3.80')
      expect(root.find('change')).toBeUndefined()
    })
  })

  it('shows every tender and what cash has no coins for', () => {
    const { root } = show(RefundTotals, {}, { ...EMPTY, refund })
    expect(root.says()).toMatch(/微信\s*¥2\.00\s*现金\s*¥1\.80\s*抹零\s*¥0\.02/)
    leaveAll()
    const basket = show(RefundBasket, {}, { ...EMPTY, refund }).root
    expect(basket.find('refunded-line')!.says()).toMatch(/菠菜.*0\.482 kg.*报损.*3\.80/s)
    expect(basket.find('refund-unverified')!.says()).toContain('没有问到总部')
  })

  it('says which way back is chosen', async () => {
    const lines = [{ line: 0, name: '菠菜', sold: { kind: 'weight', grams: 482 }, left: { kind: 'weight', grams: 482 }, paid_fen: 386 }]
    const sale = { sale: 's1', number: '0812-A7', at: '14:02', due_fen: 386, returned_fen: 0, tenders: [], lines }
    const { root, sent } = show(RefundLines, { sale }, EMPTY)
    const on = () => ['refund-as-paid', 'refund-cash'].map((way) => root.find(way)!.says().includes('✓'))
    expect(on()).toEqual([true, false])
    await pressAll('F5')
    expect(on()).toEqual([false, true])
    expect(sent.at(-1)).toMatchObject({ cmd: 'refund_quote', to_cash: true })
  })
})

describe('what a supervisor is asked', () => {
  it('marks the line that is meant, which need not be the selected one', () => {
    const about = { line: 3, name: '净藕(1)', from: null, to: null, tenders: [], reason: { kind: 'always' }, hub: 'kept' }
    const prompt = { kind: 'approve', action: 'remove_line', amount_fen: 1466, needs_manager: false, about } as Prompt
    const { root } = show(BasketList, {}, { ...VIEW, prompt })
    const classes = root.all().filter((node) => node.props['data-testid'] === 'line').map((node) => node.props['class'])
    expect(classes.filter((of) => of !== 'row')).toEqual(['row asked', 'row selected'])
    expect(root.all().find((node) => node.props['class'] === 'row asked')!.says()).toContain('净藕(1)')
  })
})

describe('what the message line says', () => {
  it('is the first refusal, and how many came after it', () => {
    const message: MessageView = { sequence: 9, level: 'error', code: 'POS-SCN-001', args: { code: '000000' }, refused: 2 }
    const { root } = show(MessageLine, {}, { ...VIEW, message })
    expect(root.find('message')!.says()).toMatch(/000000.*又有 2 次没有入单/)
  })

  it('is told to IT whole where a station is enrolled', () => {
    const args = { host: 'hub.example', port: '8443' }
    const message: MessageView = { sequence: 9, level: 'error', code: 'POS-NET-012', args, refused: 0 }
    const { root } = show(EnrolScreen, {}, { ...VIEW, screen: 'enrol', message })
    expect(root.find('enrol-detail')!.says()).toContain('hub.example:8443 拒绝连接：请核对端口')
  })
})

describe('what was counted', () => {
  const refused: MessageView = { sequence: 9, level: 'error', code: 'POS-SHF-003', args: {}, refused: 0 }

  it('stays through a refusal and another panel, and goes when it is recorded', async () => {
    const first = show(CountPanel, { purpose: 'close_shift' })
    await pressAll('3 Enter 1 2')
    leaveAll()
    first.view.value = sellingView({ message: refused })
    await nextTick()
    const { root, view, hear } = show(CountPanel, { purpose: 'close_shift' }, VIEW, undefined, first)
    hear({ view: view.value!, found: null, outcome: 'refused', ended: null })
    await nextTick()
    expect(['count-10000', 'count-5000', 'count-2000'].map((one) => root.find(one)!.says())).toEqual(['100 元3', '50 元12', '20 元–'])
    await pressAll('4')
    expect(root.find('count-10000')!.says()).toBe('100 元4')
    await pressAll('5 Enter 6')
    expect(['count-10000', 'count-5000'].map((one) => root.find(one)!.says())).toEqual(['100 元45', '50 元6'])
    hear({ view: view.value!, found: null, outcome: 'done', ended: 'count' })
    await nextTick()
    expect(root.find('count-10000')!.says()).toBe('100 元–')
  })
})

describe('a wrong PIN', () => {
  it('leaves the number, and the next one is typed where it was, under dots', async () => {
    const { root, sent } = show(SignInScreen, {}, { ...VIEW, screen: 'sign_in' })
    await pressAll('1 1 0 1 Enter 0 0 0 0 Enter')
    await pressAll('3 1 4')
    expect(root.find('field-staff')!.says()).toContain('1101')
    const pin = root.find('field-pin')!
    expect([pin.props['class'], pin.says().includes('●●●'), pin.says().includes('3')]).toEqual(['field active', true, false])
    await pressAll('1 Enter')
    const signIn = (pin: string) => ({ cmd: 'sign_in', staff: '1101', pin, relieve: false })
    expect(sent).toEqual([signIn('0000'), signIn('3141')])
  })
})

describe('goods that were left on the scale', () => {
  const prompt = { kind: 'weigh', item: '1001', name: '菠菜', price: { fen: 400, per: '500g' }, tare_g: 0, may_type: false }

  it.each([
    [true, '先取下上一件，再放这件'],
    [false, '放上秤盘，稳定后自动入单'],
  ])('are taken off first (%s)', (sold, told) => {
    const { root } = show(WeighPrompt, { prompt }, { ...VIEW, scale: { grams: 328, stable: true, sold } })
    expect(root.says()).toContain(told)
  })
})

describe('a hint', () => {
  it.each([
    ['a key', () => void pressAll('ArrowDown')],
    ['a scan', () => scan('6901234567892')],
  ])('ends with %s', async (_, act) => {
    const { desk } = show(MenuPanel, {})
    desk.perform({ do: 'hint', hint: 'noMembers' })
    expect(desk.hint.value).toBe('noMembers')
    act()
    await heard()
    expect(desk.hint.value).toBeNull()
  })
})

describe('an empty list', () => {
  const none = (command: Command) =>
    ({ find_documents: { kind: 'documents', documents: [] }, find_slips: { kind: 'slips', slips: [] }, search: { kind: 'items', items: [], sure: false } })[
      command.cmd as string
    ] as Found | undefined ?? null

  it('says which it is', async () => {
    const documents = show(DocumentsPanel, {}, VIEW, none)
    await heard()
    expect(documents.root.says()).toContain('还没有小票')
    await pressAll('*')
    await heard()
    expect(documents.root.says()).toContain('还没有班结单和缴款单')
    leaveAll()
    const refund = show(RefundPanel, {}, EMPTY, none)
    await heard()
    expect(refund.root.find('refund-none')!.says()).toContain('本班还没有可退的小票')
    leaveAll()
    const search = show(SearchPanel, { first: 'z' }, VIEW, none)
    await heard()
    expect(search.root.says()).toContain('没有找到「z」')
    leaveAll()
    expect(show(RefundBasket, {}, EMPTY).root.says()).toContain('请先选小票')
  })
})

describe('the way back', () => {
  it.each([
    ['F4', QuantityPanel, { line: 6 }],
    ['F5', PricePanel, { line: 6 }],
    ['F12', MenuPanel, {}],
    ['缴款', CashPanel, { kind: 'drop' }],
    ['班结', CountPanel, { purpose: 'close_shift' }],
    ['取单', ParkedPanel, {}],
    ['退货', RefundPanel, {}],
  ])('of %s is on the screen, and leads there', async (_, panel, props) => {
    const { root, desk } = show(panel, props)
    desk.open({ name: 'help' })
    await heard()
    const back = root.find('back')!
    expect(back.says()).toContain('返回')
    back.touch()
    expect(desk.panel.value).toEqual(KEYS)
  })
})
