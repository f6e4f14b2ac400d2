/** What {@link keyName} reads of a keyboard event. */
export interface KeyPress {
  key: string
  code: string
  shiftKey: boolean
}

const NUMBER_PAD: Record<string, string> = {
  NumpadAdd: '+',
  NumpadSubtract: '-',
  NumpadMultiply: '*',
  NumpadDivide: '/',
  NumpadDecimal: '.',
  NumpadEnter: 'Enter',
}

const SHIFTED_DIGITS = ')!@#$%^&*('

const PUNCTUATION: Record<string, string> = {
  Space: '  ',
  Minus: '-_',
  Equal: '=+',
  Period: '.>',
  Comma: ',<',
  Slash: '/?',
  Semicolon: ';:',
  Quote: '\'"',
  BracketLeft: '[{',
  BracketRight: ']}',
  Backslash: '\\|',
  Backquote: '`~',
}

/**
 * The character or name of a key, whatever an input method or NumLock makes of it: the number pad always types digits, a
 * full-width character is its plain one, and a key that an input method swallowed is read from its place on the board.
 */
export function keyName({ key, code, shiftKey }: KeyPress): string {
  const digit = /^Numpad(\d)$/.exec(code)?.[1] ?? NUMBER_PAD[code]
  if (digit) return digit
  if (key.length === 1) return plain(key)
  if (key === 'Process' || key === 'Unidentified' || key === 'Dead') return charAt(code, shiftKey) ?? key
  return key
}

/** True of keys that no scanner sends: the number pad's own signs. */
export function isPersonsKey(code: string): boolean {
  return code in NUMBER_PAD && code !== 'NumpadEnter'
}

function plain(char: string): string {
  const point = char.charCodeAt(0)
  if (point === 0x3000) return ' '
  return point >= 0xff01 && point <= 0xff5e ? String.fromCharCode(point - 0xfee0) : char
}

function charAt(code: string, shift: boolean): string | undefined {
  const letter = /^Key([A-Z])$/.exec(code)?.[1]
  if (letter) return shift ? letter : letter.toLowerCase()
  const digit = /^Digit(\d)$/.exec(code)?.[1]
  if (digit) return shift ? SHIFTED_DIGITS[Number(digit)] : digit
  return PUNCTUATION[code]?.[shift ? 1 : 0]
}
