import type { zh } from './words.zh-CN'

export const en: Record<keyof typeof zh, string> = {
  desk: 'Desk {desk}',
  ready: 'Warehouse desk',
  note: 'You are signed in. Lock the screen when you leave.',
  lock: 'Lock',
  liftLockout: 'Unlock',
}
