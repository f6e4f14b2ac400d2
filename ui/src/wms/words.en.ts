import type { zh } from './words.zh-CN'

export const en: Record<keyof typeof zh, string> = {
  enrolled: 'This station is enrolled',
  note: 'This warehouse desk is connected to HQ; its state is in the strip above.',
}
