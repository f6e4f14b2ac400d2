import type { LineView } from '../src/bindings/pos/LineView'
import type { QuickKeyView } from '../src/bindings/pos/QuickKeyView'
import type { TillView } from '../src/bindings/pos/TillView'

function weighed(id: number, name: string, item: string, grams: number, fen: number, amount_fen: number): LineView {
  const price = { fen, per: '500g' }
  return {
    id, item, name, price, amount_fen,
    quantity: { kind: 'weight', grams }, list_price: null, discount_fen: 0, source: 'scale', tare_g: 0,
  }
}

function counted(id: number, name: string, item: string, pieces: number, unit: string, fen: number, amount_fen: number): LineView {
  const price = { fen, per: unit }
  return {
    id, item, name, price, amount_fen,
    quantity: { kind: 'count', pieces, unit }, list_price: null, discount_fen: 0, source: null, tare_g: 0,
  }
}

function key(item: string, label: string, colour: string, fen = 0): QuickKeyView {
  return { item, label, colour, price: fen ? { fen, per: '个' } : null }
}

/** A till in the middle of a sale at six in the evening. */
export function sellingView(changes: Partial<TillView> = {}): TillView {
  const view: TillView = {
    revision: 7,
    language: 'zh-CN',
    screen: 'selling',
    status: {
      store: '天河店', till: 2, cashier: '李梅', is_supervisor: false, shift_no: 12, shift_cashier: '李梅',
      business_date: '2026-11-21', prices_as_of: '08:00', now_ms: Date.UTC(2026, 10, 21, 10, 4), utc_offset_min: 480,
      printer: 'ready', network: { state: 'offline', since: '14:02', held: 37, why: null }, to_come: null, disk: 'enough',
    },
    basket: {
      lines: [
        weighed(1, '牛首生菜', '005115168', 482, 400, 386),
        counted(2, '云南生菜（份）', '006689', 2, '份', 480, 960),
        { ...weighed(3, '净藕(1)', '005116899', 916, 800, 1466), source: 'label' },
        weighed(4, '西兰花', '005115779', 735, 650, 956),
        counted(5, '五常大米 5kg', '6901234567892', 1, '袋', 4990, 4990),
        { ...weighed(6, '芜湖青椒(1)', '005116530', 328, 260, 171), list_price: { fen: 300, per: '500g' }, tare_g: 6 },
        counted(7, '购物袋（中）', 'B02', 1, '个', 30, 30),
      ],
      selected: 6, pieces: 8, grams: 2461, discount_fen: 120, due_fen: 8959,
    },
    last_item: { name: '芜湖青椒(1)', quantity: { kind: 'weight', grams: 328 }, source: 'scale', tare_g: 6, price: { fen: 260, per: '500g' } },
    pay: { remaining_fen: 8959, remaining_cash_fen: 8950, rounding_fen: 9, taken: [], multiply: null },
    closed: null,
    refund: null,
    message: { sequence: 3, level: 'warning', code: 'POS-SCN-004', args: { line: '3' }, refused: 0 },
    prompt: null,
    parked: [],
    quick_tabs: [
      { id: 'leaf', name: '叶菜', name_en: 'Leaves', keys: [
        key('1', '生菜', '#5b8c3a'), key('2', '番茄', '#c0392b'), key('3', '土豆', '#b08850'), key('4', '玉米', '#d9a400'),
        key('5', '茄子', '#6b4c8a'), key('6', '胡萝卜', '#d9772b'), key('7', '蒜头', '#a8a08a'), key('8', '香菇', '#7a5a44'),
        key('9', '散鸡蛋', '#c9a26a'), key('10', '鲜鲫鱼', '#5b7d95') ] },
      { id: 'root', name: '根茎', name_en: 'Roots', keys: [key('3', '土豆', '#b08850'), key('6', '胡萝卜', '#d9772b')] },
      { id: 'meat', name: '肉蛋', name_en: 'Meat, eggs', keys: [key('21', '五花肉', '#c46a6a'), key('9', '散鸡蛋', '#c9a26a')] },
      { id: 'fish', name: '水产', name_en: 'Fish', keys: [key('10', '鲜鲫鱼', '#5b7d95')] },
      { id: 'fruit', name: '水果', name_en: 'Fruit', keys: [key('31', '香蕉', '#d9a400'), key('32', '葡萄', '#6b4c8a'), key('33', '苹果', '#c0392b')] },
      { id: 'often', name: '常用', name_en: 'Often', keys: [key('41', '纯牛奶', '#5b7d95'), key('42', '大米', '#c9a26a')] },
    ],
    bags: [key('B01', '小袋', '#8d8d8d', 20), key('B02', '中袋', '#6d6d6d', 30)],
    tenders: [
      { code: 'cash', name: '现金', name_en: 'Cash', needs_reference: false, gives_change: true, refundable: true },
      { code: 'wechat', name: '微信', name_en: 'WeChat Pay', needs_reference: true, gives_change: false, refundable: true },
      { code: 'alipay', name: '支付宝', name_en: 'Alipay', needs_reference: true, gives_change: false, refundable: true },
      { code: 'card', name: '银联卡', name_en: 'Bank card', needs_reference: true, gives_change: false, refundable: true },
      { code: 'voucher', name: '团购券', name_en: 'Voucher', needs_reference: false, gives_change: false, refundable: false },
    ],
    last_document: {
      document: 'd1', number: '101-02-261121-0811-42', is_refund: false, at: '11-21 18:02', cashier: '1001', amount_fen: 3067,
      print: 'printed', received: true,
    },
    scale: { grams: 328, stable: true, sold: false },
  }
  return { ...view, ...changes }
}
