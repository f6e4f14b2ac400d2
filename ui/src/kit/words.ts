import { words } from './i18n'
import { en } from './words.en'
import { zh } from './words.zh-CN'

/** Words of the parts that every screen shares. */
export const w = words(zh, en)
