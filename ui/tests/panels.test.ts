import { describe, expect, it, vi } from 'vitest'

import type { Command } from '../src/bindings/pos/Command'
import type { Found } from '../src/bindings/pos/Found'
import type { Prompt } from '../src/bindings/pos/Prompt'
import type { QuantityView } from '../src/bindings/QuantityView'
import { READ_MS } from '../src/kit/question'
import { scan } from '../src/kit/surface'
import { KEYMAP } from '../src/pos/keymap'
import ApprovePrompt from '../src/pos/panels/ApprovePrompt.vue'
import CitedPanel from '../src/pos/panels/CitedPanel.vue'
import DocumentsPanel from '../src/pos/panels/DocumentsPanel.vue'
import MenuPanel from '../src/pos/panels/MenuPanel.vue'
import QuestionPanel from '../src/pos/panels/QuestionPanel.vue'
import RefundLines from '../src/pos/panels/RefundLines.vue'
import QuantityPanel from '../src/pos/panels/QuantityPanel.vue'
import { payKey } from '../src/pos/pay'
import { sellingScan } from '../src/pos/selling'
import RelieveQuestion from '../src/pos/RelieveQuestion.vue'
import { task } from '../src/pos/task'
import { sellingView } from './fixture'
import { heard, leaveAll, pressAll, show } from './memory'

describe('the approval panel', () => {
  const prompt = {
    kind: 'approve', action: 'open_drawer', amount_fen: 0, needs_manager: false,
    about: { name: '', from: null, to: null, tenders: [], reason: { kind: 'always' }, hub: 'kept' },
  } as unknown as Prompt

  it('keeps the number after a wrong PIN, so that the next one is typed under dots', async () => {
    const { root, sent } = show(ApprovePrompt, { prompt }, sellingView(), undefined, undefined, 'mistyped')
    await pressAll('1 8 0 1 Enter 8 2 4 7 Enter 8 2 4 6')
    expect([root.find('field-staff')!.says(), root.find('field-pin')!.says()]).toEqual(['工号1801', '密码●●●●'])
    await pressAll('Enter')
    expect(sent).toEqual(['8247', '8246'].map((pin) => ({ cmd: 'approve', staff: '1801', pin })))
  })

  it('takes another number in place of the one that stands there', async () => {
    const { sent } = show(ApprovePrompt, { prompt }, sellingView(), undefined, undefined, 'mistyped')
    await pressAll('1 8 0 1 Enter 8 2 4 7 Enter Escape 1 9 0 1 Enter 9 3 5 7 Enter')
    expect(sent.at(-1)).toEqual({ cmd: 'approve', staff: '1901', pin: '9357' })
  })

  it('does not go on to the PIN without a number', async () => {
    const { root, sent } = show(ApprovePrompt, { prompt })
    await pressAll('Enter 1 8 0 1 Enter 8 2 4 6 Enter')
    expect(root.find('field-staff')!.says()).not.toContain('8246')
    expect(sent).toEqual([{ cmd: 'approve', staff: '1801', pin: '8246' }])
  })

  it('takes the number and PIN of another person after any other refusal', async () => {
    const { root, sent } = show(ApprovePrompt, { prompt })
    await pressAll('1 1 0 1 Enter 3 1 4 1 Enter')
    expect(root.find('field-staff')!.says()).not.toContain('1101')
    expect(root.find('field-staff')!.props['class']).toContain('active')
    await pressAll('1 8 0 1 Enter 8 2 4 6 Enter')
    const tries = [['1101', '3141'], ['1801', '8246']]
    expect(sent).toEqual(tries.map(([staff, pin]) => ({ cmd: 'approve', staff, pin })))
  })

  it('says printer, paper and scale in words, as they are and as they will be', () => {
    const from = { kind: 'devices', devices: { printer: { kind: 'none' }, paper_mm: 80, scale_port: '' } }
    const to = { kind: 'devices', devices: { printer: { kind: 'tcp', address: '192.168.1.50:9100' }, paper_mm: 58, scale_port: 'COM3' } }
    const about = { name: null, from, to, tenders: [], reason: { kind: 'always' }, hub: 'kept' }
    const { root } = show(ApprovePrompt, { prompt: { ...prompt, action: 'set_devices', about } })
    expect(root.find('approve-about')!.says()).toContain('打印机 无 · 纸宽 80 mm · 秤 无 → 打印机 网口 192.168.1.50:9100 · 纸宽 58 mm · 秤 COM3')
  })

  it('begins anew after a card that was refused', async () => {
    const { sent } = show(ApprovePrompt, { prompt })
    await pressAll('1 1 0 1 Enter 3')
    scan('CARD')
    await pressAll('1 8 0 1 Enter 8 2 4 6 Enter')
    expect(sent.at(-1)).toEqual({ cmd: 'approve', staff: '1801', pin: '8246' })
  })
})

describe('a receipt that is cited', () => {
  const item = { item: '1001', name: '菠菜', aliases: [], category: '', price: { fen: 400, per: '500g' }, barcode: null, origin: '', pieces: 1 }
  const finds = (command: Command): Found | null => (command.cmd === 'search' ? { kind: 'items', items: [item], sure: true } : null)

  it('is not dropped by a key of the selling screen, wherever in it one is', async () => {
    const { root, desk } = show(CitedPanel, { number: '0812-A7' }, sellingView({ message: null }), finds)
    desk.open({ name: 'refund' })
    for (const keys of ['F6', 'F2 F2', 'F12']) {
      await pressAll(keys)
      expect([desk.panel.value.name, desk.hint.value]).toEqual(['refund', 'leaveFirst'])
    }
    expect(root.find('search-field')).toBeDefined()
  })

  it('takes an item that is scanned in the search', async () => {
    const { root } = show(CitedPanel, { number: '0812-A7' }, sellingView({ message: null }), finds)
    await pressAll('F2')
    scan('6901234567892')
    await heard()
    await heard()
    expect(root.find('field-quantity')).toBeDefined()
  })
})

describe('a question', () => {
  it('is not answered by an Enter that came before anybody could read it', async () => {
    vi.spyOn(performance, 'now').mockReturnValue(5_000)
    const { root, sent } = show(QuestionPanel, { question: 'clear_tenders' })
    await pressAll('Enter')
    expect([sent, root.find('answer-first') === undefined]).toEqual([[], false])
    vi.spyOn(performance, 'now').mockReturnValue(5_000 + READ_MS)
    await pressAll('Enter')
    expect(sent).toEqual([{ cmd: 'clear_tenders' }])
  })

  it('is not answered by the Enter of what was typed under it', async () => {
    const { root, sent } = show(QuestionPanel, { question: 'clear_tenders' })
    expect(root.find('answer-first')).toBeUndefined()
    await pressAll('0 . 0 1 Enter')
    expect(sent).toEqual([])
    expect(root.find('answer-first')!.says()).toBe('先回答：确认按 Enter，不要按 Esc')
    await pressAll('Enter')
    expect(sent).toEqual([{ cmd: 'clear_tenders' }])
  })

  it('is answered by Enter at once when nothing was typed', async () => {
    const { sent } = show(QuestionPanel, { question: 'void_basket' })
    await pressAll('Enter')
    expect(sent).toEqual([{ cmd: 'void_basket' }])
  })

  it('of another shift is no exception', async () => {
    let relieved = 0
    show(RelieveQuestion, { cashier: '李梅', onYes: () => (relieved += 1) })
    await pressAll('1 9 Enter')
    expect(relieved).toBe(0)
    await pressAll('Enter')
    expect(relieved).toBe(1)
  })
})

describe('a scan behind a panel', () => {
  const view = sellingView({ message: null })
  const code = '6901234567892'

  it.each([
    { name: 'count', purpose: 'close_shift' },
    { name: 'cash', kind: 'drop' },
    { name: 'quantity', line: 6 },
    { name: 'price', line: 6 },
  ] as const)('of $name adds nothing and is refused', (panel) => {
    expect(sellingScan(code, view, panel)).toEqual({ do: 'hint', hint: 'scanElsewhere' })
    // What the station waits for, or refused, it answers itself.
    const error = { sequence: 9, level: 'error', code: 'POS-SCN-001', args: {}, refused: 0 } as const
    const sends = { do: 'send', command: { cmd: 'scan', text: code } }
    expect(sellingScan(code, { ...view, message: error }, panel)).toEqual(sends)
    expect(sellingScan(code, { ...view, prompt: { kind: 'relieve', cashier: '李梅' } }, panel)).toEqual(sends)
  })

  it('is rung elsewhere', () => {
    expect(sellingScan(code, view, { name: 'keys' })).toEqual({ do: 'send', command: { cmd: 'scan', text: code } })
  })
})

describe('the receipts', () => {
  const rows = [1, 2, 3].map((n) => ({ ...sellingView().last_document!, document: `d${n}`, number: `0811-${n}` }))
  const line = { text: '合计', bold: false, tall: false, wide: false, is_code: false }
  const found = (command: Command) =>
    (command.cmd === 'preview' ? { kind: 'preview', lines: [line] } : { kind: 'documents', documents: rows }) as unknown as Found

  it('are read to their end by keys, each from its top, and the selected one is in sight', async () => {
    const { root } = show(DocumentsPanel, {}, sellingView({ message: null }), found)
    await heard()
    const paper = root.find('preview')!
    await pressAll('ArrowDown')
    paper.scrolled = []
    await pressAll('PageDown PageUp End Home')
    expect(paper.scrolled).toEqual([80, -80, 900, 0])
    paper.scrolled = []
    await pressAll('ArrowDown')
    await heard()
    expect(paper.scrolled).toEqual([0])
    const selected = root.all().find((node) => node.props['class'] === 'at')!
    expect(selected.says()).toContain('0811-2')
    expect(selected.parent!.seen).toBe(1)
  })
})

describe('a refund', () => {
  const line = (left: QuantityView) => {
    const lines = [{ line: 1, name: '菠菜', left, paid_fen: 386 }]
    return show(RefundLines, { sale: { sale: 's1', number: '0812-A7', at: '14:02', due_fen: 386, returned_fen: 0, lines } })
  }

  it.each([
    [{ kind: 'count', pieces: 2, unit: '袋' }, '10000', 'piecesWrong'],
    [{ kind: 'weight', grams: 482 }, '0', 'weightWrong'],
  ] as const)('tells what is wrong with what comes back, and keeps what was typed (%o)', async (left, typed, told) => {
    const { desk } = line(left)
    await pressAll('ArrowDown')
    desk.typed.value = typed
    await pressAll('Enter')
    expect([desk.hint.value, desk.typed.value]).toEqual([told, typed])
  })

  it.each(['Enter', '+'])('of what came back before says so (%s)', async (key) => {
    const { desk, sent } = line({ kind: 'weight', grams: 0 })
    await pressAll(`ArrowDown ${key}`)
    expect([desk.hint.value, sent]).toEqual(['nothingLeft', []])
  })

  it('says what typed digits mean, which is no receipt’s number any more', async () => {
    line({ kind: 'weight', grams: 482 })
    expect(task.value?.typed).toBe('bufferLine')
    await pressAll('ArrowDown')
    expect(task.value?.typed).toBe('bufferWeight')
  })

  it('says that a scan is not taken', async () => {
    for (const open of [() => line({ kind: 'weight', grams: 482 }), () => show(CitedPanel, { number: '0812-A7' })]) {
      const { desk, sent } = open()
      scan('6990000502014')
      await heard()
      expect([desk.hint.value, sent]).toEqual(['scanElsewhere', []])
      leaveAll()
    }
  })
})

describe('what is typed wrong', () => {
  it.each(['1.5', '0', '10000', '99999999999'])('as a quantity (%s) is told what a quantity is', async (typed) => {
    const { desk, sent } = show(QuantityPanel, { line: 7 })
    desk.typed.value = typed
    await pressAll('Enter')
    expect([desk.hint.value, sent]).toEqual(['piecesWrong', []])
  })

  it.each(['Enter', 'F8'])('as an amount and is a payment code takes nothing and says so (%s)', (key) => {
    expect(payKey(KEYMAP, key, '134567890123456789', sellingView({ message: null }))).toEqual({ do: 'hint', hint: 'codeNotAmount', forgets: true })
  })
})

describe('the menu', () => {
  it('has no entry on 0, and the language on L', async () => {
    const { desk, sent } = show(MenuPanel, {})
    await pressAll('0')
    expect([sent, desk.typed.value]).toEqual([[], ''])
    await pressAll('l')
    expect(sent).toEqual([{ cmd: 'set_language', language: 'en' }])
  })
})
