import { words } from '../kit/i18n'
import { en } from './words.en'
import { zh } from './words.zh-CN'

export const w = words(zh, en)
