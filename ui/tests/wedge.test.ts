import { describe, expect, it } from 'vitest'

import { FieldWedge, GAP_MS, GS, ModifiedKeys, SCAN_LEN_MAX, Wedge } from '../src/kit/wedge'

/** Presses keys `gap` milliseconds apart, then lets it be quiet, and tells what was heard. */
function heard(keys: readonly string[], gap: number): string[] {
  const events: string[] = []
  const wedge = new Wedge({ scan: (text) => events.push(`scan ${text}`), key: (key) => events.push(key) })
  keys.forEach((key, index) => wedge.press(key, 1000 + index * gap))
  wedge.quiet()
  return events
}

const CODE = [...'6901234567892']

describe('a scanner that types like a keyboard', () => {
  it.each(['Enter', 'Tab'])('is one scan, and its %s is eaten', (end) => {
    expect(heard([...CODE, end], 5)).toEqual(['scan 6901234567892'])
  })

  it('may be a slow one, or be held up now and then', () => {
    expect(heard([...CODE, 'Enter'], 30)).toEqual(['scan 6901234567892'])
    const events: string[] = []
    const wedge = new Wedge({ scan: (text) => events.push(`scan ${text}`), key: (key) => events.push(key) })
    CODE.forEach((key, index) => wedge.press(key, index * 10 + Math.floor(index / 4) * 60))
    wedge.press('Enter', 320)
    expect(events).toEqual(['scan 6901234567892'])
  })

  it('may close with two keys', () => {
    expect(heard([...CODE, 'Enter', 'Tab'], 5)).toEqual(['scan 6901234567892'])
  })

  it('is one scan when the machine stalls in the middle of it', () => {
    const events: string[] = []
    const wedge = new Wedge({ scan: (text) => events.push(`scan ${text}`), key: (key) => events.push(key) })
    for (const key of '690') wedge.press(key, 1000)
    wedge.quiet()
    for (const key of '1234567892') wedge.press(key, 1000 + GAP_MS + 60)
    wedge.press('Enter', 1000 + GAP_MS + 61)
    expect(events).toEqual(['6', '9', '0', 'Backspace', 'Backspace', 'Backspace', 'scan 6901234567892'])
  })

  it('is one scan when only its last digit comes late', () => {
    const events: string[] = []
    const wedge = new Wedge({ scan: (text) => events.push(`scan ${text}`), key: (key) => events.push(key) })
    for (const key of '690123456789') wedge.press(key, 1000)
    wedge.quiet()
    wedge.press('2', 1200)
    wedge.press('Enter', 1201)
    expect(events.slice(-1)).toEqual(['scan 6901234567892'])
    expect(events.filter((event) => event === 'Backspace')).toHaveLength(12)
  })

  it('is not mixed with the plus that opened the payment just before', () => {
    const events: string[] = []
    const wedge = new Wedge({ scan: (text) => events.push(`scan ${text}`), key: (key) => events.push(key) })
    wedge.press('+', 0)
    wedge.quiet()
    for (const key of [...CODE, 'Enter']) wedge.press(key, 100)
    expect(events).toEqual(['+', 'scan 6901234567892'])
  })

  it.each(['3*', '+'])('is not mixed with %s that a hand typed shortly before, on a machine too busy to hear the pause', (typed) => {
    const events: string[] = []
    const wedge = new Wedge({ scan: (text) => events.push(`scan ${text}`), key: (key) => events.push(key) })
    for (const [at, key] of [...typed].entries()) wedge.press(key, at * 120)
    for (const [at, key] of [...CODE, 'Enter'].entries()) wedge.press(key, 360 + at)
    expect(events).toEqual([...typed, 'scan 6901234567892'])
  })

  it('is not mixed with a quantity that was typed before', () => {
    const events: string[] = []
    const wedge = new Wedge({ scan: (text) => events.push(`scan ${text}`), key: (key) => events.push(key) })
    wedge.press('3', 0)
    wedge.quiet()
    wedge.press('*', 200, true)
    for (const key of [...CODE, 'Enter']) wedge.press(key, 400)
    expect(events).toEqual(['3', '*', 'scan 6901234567892'])
  })

  it('never presses a key of the screen, whatever its characters', () => {
    expect(heard([...'+* a.7', 'Enter'], 5)).toEqual(['scan +* a.7'])
  })

  it('is two scans when it reads two codes', () => {
    expect(heard([...'40110001', 'Enter', ...'40110002', 'Enter'], 5)).toEqual(['scan 40110001', 'scan 40110002'])
  })

  it('goes on as one bounded scan after ten thousand characters', () => {
    const events = heard([...'7'.repeat(SCAN_LEN_MAX + 500), 'Enter'], 0)
    expect(events).toHaveLength(1)
    expect(events[0]).toHaveLength('scan '.length + SCAN_LEN_MAX)
  })
})

describe('letters that opened the search', () => {
  it('are no part of the scan after the row was picked in the field', () => {
    const events: string[] = []
    const wedge = new Wedge({ scan: (text) => events.push(`scan ${text}`), key: (key) => events.push(key) })
    for (const key of 'sp') wedge.press(key, 1000)
    wedge.quiet()
    wedge.forget()
    for (const key of [...CODE, 'Enter']) wedge.press(key, 1300)
    expect(events).toEqual(['s', 'p', 'scan 6901234567892'])
  })
})

describe('a person', () => {
  it('types a long code, however it ends', () => {
    const events: string[] = []
    const wedge = new Wedge({ scan: () => events.push('scan'), key: (key) => events.push(key) })
    CODE.forEach((key, index) => {
      wedge.press(key, index * 150)
      wedge.quiet()
    })
    wedge.press('Enter', CODE.length * 150)
    expect(events).toEqual([...CODE, 'Enter'])
  })

  it.each([80, 70, 50])('types digits at %i ms a key, and nobody takes them for a scanner', (gap) => {
    expect(heard([...CODE, 'Enter'], gap)).toEqual([...CODE, 'Enter'])
    expect(heard([...'3141', 'Enter'], gap)).toEqual([...'3141', 'Enter'])
  })

  it('types in bursts with pauses between them', () => {
    const events: string[] = []
    const wedge = new Wedge({ scan: (text) => events.push(`scan ${text}`), key: (key) => events.push(key) })
    const typed = [...'690123', ...'456789']
    typed.forEach((key, index) => {
      if (index === 6) wedge.quiet()
      wedge.press(key, index * 75 + (index < 6 ? 0 : 200))
    })
    wedge.press('Enter', 1200)
    expect(events).toEqual([...typed, 'Enter'])
  })

  it('types digits and Enter as keys', () => {
    expect(heard(['+', '5', '4', 'Enter'], GAP_MS + 20)).toEqual(['+', '5', '4', 'Enter'])
  })

  it('is not taken for a scanner by a few fast keys', () => {
    expect(heard(['5', '4', 'Enter'], 10)).toEqual(['5', '4', 'Enter'])
  })

  it('is heard in the order of the keys when a function key follows a held one', () => {
    expect(heard(['5', '0', 'F8'], 10)).toEqual(['5', '0', 'F8'])
  })

  it('is heard at once on the number pad’s own signs', () => {
    const events: string[] = []
    const wedge = new Wedge({ scan: () => events.push('scan'), key: (key) => events.push(key) })
    wedge.press('+', 0, true)
    expect(events).toEqual(['+'])
    expect(wedge.waiting).toBe(false)
  })
})

describe('the search field', () => {
  it('gives its own text back when a scanner typed into it', () => {
    const field = new FieldWedge()
    let value = 'xhs'
    CODE.forEach((key, index) => {
      expect(field.press(key, 1000 + index * 5, value)).toBeNull()
      value += key
    })
    expect(field.press('Enter', 1070, value)).toEqual({ scan: '6901234567892', value: 'xhs' })
  })

  it('lets a person type at 80 ms a key', () => {
    const field = new FieldWedge()
    const pressed = [...'4011', 'Enter'].map((key, index) => field.press(key, index * 80, '4011'.slice(0, index)))
    expect(pressed).toEqual([null, null, null, null, null])
  })

  it('lets a person press Enter', () => {
    const field = new FieldWedge()
    expect(field.press('x', 0, '')).toBeNull()
    expect(field.press('h', 300, 'x')).toBeNull()
    expect(field.press('Enter', 600, 'xh')).toBeNull()
  })
})

describe('the separator of GS1 data', () => {
  const HEAD = '0106901234567892' + '10L7'
  const TAIL = '3932156398'
  const plain = { ctrlKey: false, altKey: false, altGraph: false }
  const ctrl = { ...plain, ctrlKey: true }
  const alt = { ...plain, altKey: true }
  const altGr = { ctrlKey: true, altKey: true, altGraph: true }

  /** Presses what a scanner sends and tells what was heard; a key that is made of several is given as its events. */
  function scanned(separator: (wedge: Wedge, keys: ModifiedKeys) => void): string[] {
    const events: string[] = []
    const wedge = new Wedge({ scan: (text) => events.push(text), key: (key) => events.push(key) })
    const press = (key: string) => wedge.press(key, 1000)
    for (const key of HEAD) press(key)
    separator(wedge, new ModifiedKeys())
    for (const key of TAIL) press(key)
    press('Enter')
    return events
  }

  it.each([
    ['Ctrl+]', { ...ctrl, key: ']', code: 'BracketRight' }],
    ['Ctrl+Shift+]', { ...ctrl, key: '}', code: 'BracketRight' }],
    ['Ctrl+] on a board whose bracket key types another sign', { ...ctrl, key: '+', code: 'BracketRight' }],
    ['Ctrl+] as the control character', { ...ctrl, key: '\x1d', code: 'BracketRight' }],
    ['Ctrl+] of the AltGr layer', { ...altGr, key: ']', code: 'Digit9' }],
  ])('is kept from %s', (_, event) => {
    expect(scanned((wedge, keys) => wedge.press(keys.down(event) ?? 'none', 1000))).toEqual([HEAD + GS + TAIL])
  })

  it.each(['029', '29', '0029'])('is kept from Alt and %s on the pad', (digits) => {
    const heard = scanned((wedge, keys) => {
      expect(keys.down({ ...alt, key: 'Alt', code: 'AltLeft' })).toBeNull()
      for (const digit of digits) expect(keys.down({ ...alt, key: digit, code: `Numpad${digit}` })).toBeNull()
      wedge.press(keys.up('Alt') ?? 'none', 1000)
    })
    expect(heard).toEqual([HEAD + GS + TAIL])
  })

  it('is kept from F8 in the middle of a burst, which parks nothing', () => {
    expect(scanned((wedge) => wedge.press('F8', 1000))).toEqual([HEAD + GS + TAIL])
    expect(heard([...'4011', 'F8'], 5)).toEqual([...'4011', 'F8'])
  })

  it('is kept by the search field', () => {
    const field = new FieldWedge()
    for (const key of [...HEAD, 'F8', ...TAIL]) {
      expect(field.isSeparator(key, 1000)).toBe(key === 'F8')
      field.press(key, 1000, '')
    }
    expect(field.press('Enter', 1000, HEAD + TAIL)).toEqual({ scan: HEAD + GS + TAIL, value: '' })
    expect(field.isSeparator('F8', 1000)).toBe(false)
  })

  it('is no bracket that is typed with AltGr, such as that of a symbology identifier', () => {
    const keys = new ModifiedKeys()
    const events: string[] = []
    const wedge = new Wedge({ scan: (text) => events.push(text), key: (key) => events.push(key) })
    wedge.press(keys.down({ ...altGr, key: ']', code: 'Digit9' }) ?? 'none', 1000)
    for (const key of [...'C1', ...HEAD, 'Enter']) wedge.press(key, 1000)
    expect(events).toEqual([`]C1${HEAD}`])
  })

  it('is not made of other keys with Ctrl or Alt held', () => {
    const keys = new ModifiedKeys()
    expect(keys.down({ ...ctrl, key: 'p', code: 'KeyP' })).toBeNull()
    keys.down({ ...alt, key: 'Alt', code: 'AltLeft' })
    for (const digit of '007') keys.down({ ...alt, key: digit, code: `Numpad${digit}` })
    expect(keys.up('Alt')).toBeNull()
    expect(keys.up('Alt')).toBeNull()
  })
})
