import { nextTick } from 'vue'
import { describe, expect, it } from 'vitest'

import type { Command } from '../src/bindings/pos/Command'
import type { Found } from '../src/bindings/pos/Found'
import type { Prompt } from '../src/bindings/pos/Prompt'
import type { TakenView } from '../src/bindings/TakenView'
import type { TillView } from '../src/bindings/pos/TillView'
import NumberPad from '../src/kit/NumberPad.vue'
import { scan } from '../src/kit/surface'
import LastItem from '../src/pos/LastItem.vue'
import CashPanel from '../src/pos/panels/CashPanel.vue'
import ChoosePrompt from '../src/pos/panels/ChoosePrompt.vue'
import CitedPanel from '../src/pos/panels/CitedPanel.vue'
import CountPanel from '../src/pos/panels/CountPanel.vue'
import DocumentsPanel from '../src/pos/panels/DocumentsPanel.vue'
import HelpPanel from '../src/pos/panels/HelpPanel.vue'
import LeavePayQuestion from '../src/pos/panels/LeavePayQuestion.vue'
import OpenShiftPanel from '../src/pos/panels/OpenShiftPanel.vue'
import PayPanel from '../src/pos/panels/PayPanel.vue'
import PricePanel from '../src/pos/panels/PricePanel.vue'
import QuantityPanel from '../src/pos/panels/QuantityPanel.vue'
import QuestionPanel from '../src/pos/panels/QuestionPanel.vue'
import RefundPanel from '../src/pos/panels/RefundPanel.vue'
import SearchPanel from '../src/pos/panels/SearchPanel.vue'
import WeighPrompt from '../src/pos/panels/WeighPrompt.vue'
import { KEYMAP } from '../src/pos/keymap'
import SoftKeys from '../src/pos/SoftKeys.vue'
import { settles, task } from '../src/pos/task'
import TotalsBar from '../src/pos/TotalsBar.vue'
import { sellingView } from './fixture'
import { heard, leaveAll, pressAll, show } from './memory'

const VIEW = sellingView({ message: null })
const EMPTY = sellingView({ message: null, last_item: null, basket: { ...VIEW.basket, lines: [], selected: null, pieces: 0, due_fen: 0 } })
const cash = { tender: 'cash', amount_fen: 10_00, reference: null }
const wechat = { tender: 'wechat', amount_fen: 20_00, reference: '4200' }
const taken = (...taken: TillView['pay']['taken']) => sellingView({ message: null, pay: { ...VIEW.pay, remaining_fen: 79_59, taken } })
const weigh = { kind: 'weigh', item: '1', name: '菠菜', price: { fen: 400, per: '500g' }, tare_g: 0, may_type: true } as const
const choose = { kind: 'choose', items: [] } as unknown as Extract<Prompt, { kind: 'choose' }>

describe('the figure that is read across the counter', () => {
  it('is what is due until something was taken, then what is left to pay', () => {
    const before = show(TotalsBar, {}, VIEW)
    expect(before.root.find('due')!.says()).toBe('89.59')
    const { root } = show(TotalsBar, {}, taken(cash))
    expect(root.says()).toContain('还差')
    expect(['owed', 'due-before', 'owed-taken'].map((id) => root.find(id)!.says())).toEqual(['79.59', '¥89.59', '¥10.00'])
    expect(root.find('due')).toBeUndefined()
  })

  it('names each tender where there are several: nothing is added up here', () => {
    const { root } = show(TotalsBar, {}, taken(cash, wechat))
    expect(root.find('owed-taken')!.says()).toBe('已收 现金 ¥10.00 + 微信 ¥20.00')
  })

  it('says of a refund what is handed over and what a terminal gives back, as no sum that is due looks', () => {
    const refunded = (...tenders: TakenView[]) => {
      const closed = { document: 'd', number: '0812', is_refund: true, due_fen: 4980, rounding_fen: 0, received_fen: 0, change_fen: 0, tenders }
      return show(TotalsBar, {}, { ...EMPTY, closed }).root
    }
    const byWechat = { tender: 'wechat', amount_fen: 4000, reference: '4200001234' }
    const root = refunded(byWechat, { tender: 'cash', amount_fen: 980, reference: null })
    expect([root.find('change')!.says(), root.find('closed-part')!.says()]).toEqual(['9.80', '¥40.00'])
    expect(root.says()).toMatch(/用微信退.*…00001234.*付现金给顾客/s)
    leaveAll()
    const moved = refunded({ ...byWechat, amount_fen: 4980 })
    expect(moved.find('change')!.says()).toBe('49.80')
    expect(moved.says()).toContain('用微信退')
    expect(moved.says()).not.toContain('付现金')
    expect(moved.all().some((node) => String(node.props['class']).includes('refund'))).toBe(true)
  })
})

describe('the keys of a question', () => {
  const plain = (node: { says(): string }) => node.says().replaceAll('\u00a0', ' ').trim()
  const keys = (question: string, view: TillView) => {
    const { root } = show(QuestionPanel, { question }, view)
    return [plain(root.find('yes')!), plain(root.find('no')!), root.find('yes')!.props['class']]
  }

  it.each([
    ['void_basket', VIEW, '取消整单 ¥89.59Enter', '不取消Esc', 'destroys'],
    ['clear_tenders', taken(cash), '退 ¥10.00，去改商品Enter', '继续收款Esc', 'go'],
    ['clear_tenders', taken(cash, wechat), '全部退回，去改商品Enter', '继续收款Esc', 'go'],
    ['quit', VIEW, '退出Enter', '继续收银Esc', 'go'],
  ] as const)('say what each does (%s)', (question, view, ...expected) => {
    expect(keys(question, view)).toEqual(expected)
  })

  it('about leaving a payment name where it leads', () => {
    const { root } = show(LeavePayQuestion, { keymap: KEYMAP, pressed: 'F4', action: 'quantity' })
    expect([root.find('yes')!, root.find('no')!].map(plain)).toEqual(['数量 重量Enter', '继续收款Esc'])
  })

  it('come after what stays when the program ends', () => {
    const asked = (view: TillView) => plain(show(QuestionPanel, { question: 'quit' }, view).root.find('question')!)
    expect(asked(VIEW)).toBe('退出收银程序？这单 8 件 ¥89.59 已存本机，下次开机接着收。')
    expect(asked(EMPTY)).toBe('退出收银程序？')
  })
})

describe('the key that records', () => {
  const panels = [
    ['cash-go', CashPanel, { kind: 'drop' }, '1500', '缴款 ¥1,500.00'],
    ['open-shift', OpenShiftPanel, {}, '300', '开班 ¥300.00'],
    ['price-go', PricePanel, { line: 6 }, '2.8', '改为 ¥2.80/500g'],
    ['quantity-go', QuantityPanel, { line: 7 }, '3', '改为 3 个'],
  ] as const

  it.each(panels)('rests while nothing is typed, then names deed and sum (%s)', async (testid, panel, props, typed, expected) => {
    const { root, desk } = show(panel, props)
    expect(root.find(testid)!.props['disabled']).toBe(true)
    desk.typed.value = typed
    await nextTick()
    expect(root.find(testid)!.props['disabled']).toBe(false)
    expect(root.find(testid)!.says()).toContain(expected)
  })

  it('names a discount as it is given', async () => {
    const { root, desk } = show(PricePanel, { line: 6 })
    await pressAll('F5')
    desk.typed.value = '20'
    await nextTick()
    expect(root.find('price-go')!.says()).toContain('减 20%')
    await pressAll('F5')
    expect(root.find('price-go')!.says()).toContain('减 ¥20.00')
    expect(root.find('discount-typed')!.says()).toBe('−¥20.00')
  })

  it('shows money with its separators while it is typed', async () => {
    const { root, desk } = show(CashPanel, { kind: 'drop' })
    desk.typed.value = '12345.6'
    await nextTick()
    expect(root.find('cash-typed')!.says()).toBe('¥12,345.60')
  })
})

describe('a refund by the paper', () => {
  it('leads to the goods first, and pays nothing out before there are some', () => {
    const { root } = show(CitedPanel, { number: 'HT01-2-20261128-0812-a7' }, EMPTY)
    expect(root.find('cite-add')!.props['class']).toBe('go')
    expect(root.find('cite-go')!.props['disabled']).toBe(true)
    expect(root.find('cite-tender')!.says()).toContain('✓ 退现金')
    expect(settles(EMPTY)).toBeNull()
  })

  it('is offered for a whole number only', async () => {
    const { root, desk, sent } = show(RefundPanel, {}, EMPTY)
    await heard()
    sent.length = 0
    desk.typed.value = '9999'
    await pressAll('F9')
    expect(root.find('refund-cite')!.props['disabled']).toBe(true)
    expect([desk.hint.value, sent, task.value?.resting]).toEqual(['wholeNumber', [], ['F9']])
    desk.typed.value = ''
    scan('HT01-2-20261128-0812-a7')
    await heard()
    expect(root.find('refund-cite')!.props['disabled']).toBe(false)
    expect(root.find('refund-cite')!.says()).toContain('HT01-2-20261128-0812-a7')
  })
})

describe('the list of papers', () => {
  const row = { ...VIEW.last_document!, document: 'd2', is_refund: true, amount_fen: 4980 }
  const found = (command: Command) =>
    (command.cmd === 'preview' ? { kind: 'preview', lines: [] } : { kind: 'documents', documents: [row] }) as unknown as Found

  it('tells a refund from a sale, and reprints only what was chosen', async () => {
    const { root } = show(DocumentsPanel, {}, VIEW, found)
    await heard()
    expect(root.find('document')!.says()).toContain('退货 −¥49.80')
    expect(root.find('reprint')!.props['disabled']).toBe(true)
    await pressAll('ArrowDown')
    expect(root.find('reprint')!.props['disabled']).toBe(false)
  })

  it('reprints nothing without a printer', async () => {
    const { root } = show(DocumentsPanel, {}, { ...VIEW, status: { ...VIEW.status, printer: 'none' } }, found)
    await heard()
    await pressAll('ArrowDown')
    expect(root.find('reprint')!.props['disabled']).toBe(true)
  })
})

describe('keys around a panel', () => {
  const soft = () => show(SoftKeys, {}).root
  const resting = () => soft().all().filter((node) => node.props['disabled'] === true).length

  it('that are not heard under a question rest, all twelve and 结算', () => {
    show(WeighPrompt, { prompt: weigh })
    expect([resting(), settles(VIEW)]).toEqual([12, null])
    leaveAll()
    expect([resting(), settles(VIEW), settles(EMPTY)]).toEqual([0, '结算', null])
  })

  it('say what the panel makes of them', () => {
    show(PayPanel, { keymap: KEYMAP })
    const keys = soft()
    expect(['F5', 'F8', 'F11', 'F4'].map((key) => keys.find(key)!.says())).toEqual(['F5¥20', 'F8微信', 'F11其他', 'F4数量 重量'])
    expect(settles(VIEW)).toBeNull()
  })

  it.each([
    ['audit_shift', '对账'],
    ['close_shift', '班结'],
  ])('%s: 结算 is the panel’s deed', (purpose, deed) => {
    show(CountPanel, { purpose }, EMPTY)
    expect(settles(EMPTY)).toBe(deed)
    const { root } = show(NumberPad, { settle: settles(EMPTY) }, EMPTY)
    expect(root.find('pad-settle')!.says()).toContain(deed)
  })

  it('rest where there is nothing to pay', () => {
    const { root } = show(NumberPad, { settle: settles(EMPTY) }, EMPTY)
    expect(root.find('pad-settle')!.props['disabled']).toBe(true)
  })
})

describe('what is said above the panel', () => {
  const says = (view: TillView) => {
    const { root } = show(LastItem, {}, view)
    return root.find('last-item')!.says()
  }

  it('is the goods on the scale, the last item, or the task; and 等待扫码 only while a scan is waited for', () => {
    expect(says(EMPTY)).toBe('等待扫码')
    show(CountPanel, { purpose: 'audit_shift' }, EMPTY)
    expect(says(EMPTY)).toBe('点款')
    expect(says(VIEW)).toBe('芜湖青椒(1)')
    expect(says({ ...VIEW, prompt: weigh })).toBe('菠菜')
  })

  it('has no field while the panel has its own', () => {
    show(SearchPanel, {}, EMPTY)
    expect(task.value?.typed).toBeNull()
    const { root } = show(LastItem, {}, EMPTY)
    expect(root.all().some((node) => String(node.props['class']).includes('unused'))).toBe(true)
  })
})

describe('a list', () => {
  it('of other tenders takes the amount that was typed before it', async () => {
    const { desk, sent } = show(PayPanel, { keymap: KEYMAP })
    desk.typed.value = '20'
    await pressAll('F11 Enter')
    expect(sent).toEqual([{ cmd: 'tender', tender: 'voucher', amount_fen: 20_00, reference: null }])
  })

  it.each([
    [ChoosePrompt, { prompt: choose }],
    [HelpPanel, { keymap: KEYMAP }],
  ])('or a page has its way back', (panel, props) => {
    expect(show(panel, props).root.find('back')).toBeDefined()
  })
})
