import { words } from '../kit/i18n'
import { en } from './words.en'
import { zh } from './words.zh-CN'

export const w = words(zh, en)

/** What the screen itself may have to say. */
export type HintKey =
  | 'scanElsewhere'
  | 'leaveFirst'
  | 'piecesWrong'
  | 'codeNotAmount'
  | 'noMembers'
  | 'nothingRung'
  | 'basketFirst'
  | 'nothingParked'
  | 'typedFirst'
  | 'piecesFirst'
  | 'tareFirst'
  | 'amountWrong'
  | 'weightWrong'
  | 'noCash'
  | 'wholeNumber'
  | 'pickFirst'
  | 'selectFirst'
  | 'nothingLeft'

/** Hints that refuse something: they are red and sound so. */
export const REFUSALS: readonly HintKey[] = ['scanElsewhere']

/** Hints about what was typed. */
export const MISTYPED: readonly HintKey[] = ['amountWrong', 'piecesWrong', 'weightWrong']
