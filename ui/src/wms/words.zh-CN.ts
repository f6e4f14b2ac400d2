export const zh = {
  desk: '{desk} 号工作台',
  ready: '仓库工作台',
  note: '已登录。离开时请锁屏。',
  lock: '锁屏',
  liftLockout: '解除锁定',
}
