export const zh = {
  enrolled: '本机已登记',
  note: '这台仓库工作台已接入总部，状态见上方。',
}
