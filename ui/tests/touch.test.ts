import { describe, expect, it } from 'vitest'

import { Touches } from '../src/kit/touch'

describe('a second touch', () => {
  const first = { x: 700, y: 300, at: 1_000, on: 'exact cash' }
  const touched = (second: Partial<typeof first>) => {
    const touches = new Touches()
    touches.isStray(first)
    return touches.isStray({ ...first, ...second })
  }

  it('does nothing to what the first one has brought under the finger', () => {
    expect(touched({ at: 1_150, on: 'an item' })).toBe(true)
    expect(touched({ at: 1_150, x: 708, y: 294, on: 'yes' })).toBe(true)
  })

  it('counts on the same key, elsewhere, and after a moment', () => {
    expect(touched({ at: 1_090 })).toBe(false)
    expect(touched({ at: 1_150, x: 760, on: 'F9' })).toBe(false)
    expect(touched({ at: 1_500, on: 'an item' })).toBe(false)
  })

  it('goes on doing nothing while the finger bounces', () => {
    const touches = new Touches()
    touches.isStray(first)
    expect(touches.isStray({ ...first, at: 1_100, on: 'an item' })).toBe(true)
    expect(touches.isStray({ ...first, at: 1_200, on: 'an item' })).toBe(true)
  })
})
