import { computed, createRenderer, nextTick, shallowRef, type Component, type ShallowRef } from 'vue'
import { afterEach, beforeEach, vi } from 'vitest'

import type { Command } from '../src/bindings/pos/Command'
import type { Found } from '../src/bindings/pos/Found'
import type { Reply } from '../src/bindings/pos/Reply'
import type { TillView } from '../src/bindings/pos/TillView'
import { language } from '../src/kit/i18n'
import { stationKey } from '../src/kit/station'
import { press } from '../src/kit/surface'
import { createDesk, deskKey, type Desk } from '../src/pos/desk'
import type { Till } from '../src/pos/till'
import { sellingView } from './fixture'

/** Nothing is scrolled in memory: every row is in sight. */
globalThis.IntersectionObserver = class {
  observe() {}
  disconnect() {}
} as unknown as typeof IntersectionObserver

/** An element of a screen that is kept in memory. */
export class Node {
  parent: Node | null = null
  nodes: Node[] = []
  props: Record<string, unknown> = {}
  scrolled: number[] = []
  seen = 0
  clientHeight = 100
  scrollHeight = 900
  constructor(public text = '', readonly isElement = false) {}
  scrollTo = ({ top }: { top: number }) => this.scrolled.push(top)
  scrollBy = ({ top }: { top: number }) => this.scrolled.push(top)
  scrollIntoView = () => (this.seen += 1)
  style = { display: '' }
  focus = () => undefined

  get children(): Node[] {
    return this.nodes.filter((node) => node.isElement)
  }
  all(): Node[] {
    return [this, ...this.nodes.flatMap((child) => child.all())]
  }
  says(): string {
    return this.all().map((node) => node.text).join('')
  }
  find(testid: string): Node | undefined {
    return this.all().find((node) => node.props['data-testid'] === testid)
  }
  /** Touches it. */
  touch(): void {
    ;(this.props['onClick'] as (event: object) => void)({ stopPropagation: () => undefined })
  }
}

function remove(node: Node): void {
  node.parent?.nodes.splice(node.parent.nodes.indexOf(node), 1)
  node.parent = null
}

const { createApp } = createRenderer<Node, Node>({
  createElement: () => new Node('', true),
  createText: (text) => new Node(text),
  createComment: () => new Node(),
  setText: (node, text) => void (node.text = text),
  setElementText: (node, text) => void (node.nodes = [new Node(text)]),
  parentNode: (node) => node.parent,
  nextSibling: (node) => node.parent?.nodes[node.parent.nodes.indexOf(node) + 1] ?? null,
  patchProp: (node, key, _, value) => void (node.props[key] = value),
  remove,
  insert(node, parent, before) {
    if (node.parent) remove(node)
    node.parent = parent
    parent.nodes.splice(before ? parent.nodes.indexOf(before) : parent.nodes.length, 0, node)
  },
})

export interface Shown {
  root: Node
  desk: Desk
  sent: Command[]
  view: ShallowRef<TillView | null>
  /** What hears of every reply. */
  hear: (reply: Reply) => void
}

const shown: { unmount(): void }[] = []

/** Ends every screen that is shown. */
export const leaveAll = (): void => shown.splice(0).forEach((app) => app.unmount())

type Finds = (command: Command) => Found | null

/** Shows a panel, or on the desk of one that was shown before. */
export function show(panel: Component, props: Record<string, unknown>, view: TillView = sellingView({ message: null }), found: Finds = () => null, before?: Shown, outcome: Reply['outcome'] = 'done'): Shown {
  const sent: Command[] = []
  const hearers: ((reply: Reply) => void)[] = []
  const picture: ShallowRef<TillView | null> = before?.view ?? shallowRef(view)
  const till: Till = {
    view: picture,
    strip: computed(() => null),
    failure: shallowRef(null),
    seenAt: shallowRef(0),
    call: (command) => {
      sent.push(command)
      return Promise.resolve({ view: picture.value!, found: found(command), outcome, ended: null })
    },
    onReply: (heard) => void hearers.push(heard),
    settled: () => Promise.resolve(),
  }
  const root = new Node()
  const app = createApp(panel, props)
  const desk = before?.desk ?? createDesk(till)
  app.provide(stationKey, till)
  app.provide(deskKey, desk)
  app.mount(root)
  shown.push(app)
  const hear = before?.hear ?? ((reply: Reply) => hearers.forEach((heard) => heard(reply)))
  return { root, desk, sent, view: picture, hear }
}

/** Lets everything that was pressed be heard and drawn. */
export const heard = () => new Promise((done) => setTimeout(done)).then(() => nextTick())

export async function pressAll(keys: string): Promise<void> {
  for (const key of keys.split(' ')) press(key)
  await heard()
}

/** A person reads before they answer: between two looks at the clock a second goes by. */
let now = 0

beforeEach(() => {
  language.value = 'zh-CN'
  vi.spyOn(performance, 'now').mockImplementation(() => (now += 1_000))
})
afterEach(leaveAll)
