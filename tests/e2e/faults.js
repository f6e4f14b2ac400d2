// What a person would call broken on the page that is shown, a line each. Arguments: the least height of a key and of a
// character in pixels.
const [keyMin, textMin] = arguments
const faults = new Set()
const page = document.documentElement
const isShown = (one) => one.checkVisibility({ checkOpacity: false, checkVisibilityCSS: true })
const named = (one) => one.closest('[data-testid]')?.dataset.testid ?? one.closest('[class]')?.className ?? one.tagName
const clips = (style, axis) => style[`overflow${axis}`] !== 'visible'
/** What is lower than two rows is no list to scroll in. */
const scrolls = (one, style) => ['auto', 'scroll'].includes(style.overflowY) && one.clientHeight > 2 * keyMin

for (const key of document.querySelectorAll('button')) {
  if (!isShown(key)) continue
  const { width, height } = key.getBoundingClientRect()
  if (width < keyMin || height < keyMin) faults.add(`small: ${named(key)} ${Math.round(width)}×${Math.round(height)}`)
}

/** Whether a text is scrolled out of sight, which is no fault; what cuts it is told. */
function isScrolledAway(text, rect, from) {
  for (let one = from; one && one !== page; one = one.parentElement) {
    const style = getComputedStyle(one)
    const box = one.getBoundingClientRect()
    const [top, bottom] = [Math.max(box.top, 0), Math.min(box.bottom, innerHeight)]
    if (scrolls(one, style) && (rect.top < top - 1 || rect.bottom > bottom + 1)) {
      const edge = rect.height * 0.2
      const isSliced = [top, bottom].some((at) => rect.top < at - edge && rect.bottom > at + edge)
      // A receipt is a paper that is drawn past a window.
      if (isSliced && one.closest('.till') && !one.matches('.paper')) faults.add(`sliced: ${text}`)
      return true
    }
    if (clips(style, 'X') && (rect.left < box.left - 1 || rect.right > box.right + 1)) faults.add(`cut: ${text}`)
    // A line's box is higher than its characters.
    const slack = rect.height * 0.2
    if (clips(style, 'Y') && (rect.top < box.top - slack || rect.bottom > box.bottom + slack)) faults.add(`cut: ${text}`)
  }
  return false
}

/** Fields that say by their edge that what is typed goes into them: a person looks for one. */
const probe = document.body.appendChild(document.createElement('i'))
probe.style.color = 'var(--jade)'
const jade = getComputedStyle(probe).color
probe.remove()
const open = [...document.querySelectorAll('.buffer, .field, input, .grid > .at')].filter((one) => {
  const { borderTopColor, borderTopWidth } = getComputedStyle(one)
  return isShown(one) && borderTopColor === jade && parseFloat(borderTopWidth) >= 2
})
if (open.length > 1) faults.add(`two fields: ${open.map(named).join(', ')}`)

for (const field of document.querySelectorAll('input')) {
  if (!isShown(field) || field.value) continue
  const style = getComputedStyle(field)
  const pen = document.createElement('canvas').getContext('2d')
  pen.font = style.font
  const room = field.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight)
  if (pen.measureText(field.placeholder).width > room) faults.add(`cut: ${named(field)} “${field.placeholder}”`)
}

/** What a text is set in: the nearest box that has a width of its own. */
function frameOf(one) {
  while (one !== document.body && ['inline', 'contents'].includes(getComputedStyle(one).display)) one = one.parentElement
  return one
}

const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
for (let node = texts.nextNode(); node; node = texts.nextNode()) {
  const from = node.parentElement
  if (!node.textContent.trim() || !isShown(from)) continue
  const text = `${named(from)} “${node.textContent.trim()}”`
  if (parseFloat(getComputedStyle(from).fontSize) < textMin) faults.add(`tiny: ${text}`)
  const range = document.createRange()
  range.selectNodeContents(node)
  for (const rect of range.getClientRects()) {
    if (rect.width === 0 || isScrolledAway(text, rect, from)) continue
    const isTill = document.querySelector('.till') !== null
    if (rect.left < -1 || rect.right > innerWidth + 1 || (isTill && (rect.top < -1 || rect.bottom > innerHeight + 1))) {
      faults.add(`outside: ${text}`)
      continue
    }
    if (rect.bottom > innerHeight || rect.top < 0) continue
    const frame = frameOf(from).getBoundingClientRect()
    if (rect.right > frame.right + 2 || rect.left < frame.left - 2) faults.add(`beyond its frame: ${text}`)
    const key = from.closest('button')?.getBoundingClientRect()
    const slack = rect.height * 0.2
    if (key && (rect.top < key.top - slack || rect.bottom > key.bottom + slack || rect.left < key.left - 2 || rect.right > key.right + 2)) faults.add(`beyond its key: ${text}`)
    const above = document.elementFromPoint(rect.left + rect.width / 2, rect.top + rect.height / 2)
    if (above && !above.contains(from) && !from.contains(above)) faults.add(`covered: ${text} by ${named(above)}`)
  }
}
if (page.scrollWidth > innerWidth + 1) faults.add(`the page is ${page.scrollWidth} wide`)
return [...faults]
