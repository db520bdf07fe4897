import { element, escapeHtml, shortened } from './markup.js'

export interface Bar {
  readonly label: string
  readonly value: number
  /** The tooltip. */
  readonly hint: string
  /** Name of a color in the style sheet; `bar` by default. */
  readonly tone?: 'bar' | 'accent' | 'warn' | 'muted'
}

export interface BarChartOptions {
  /** The accessible name. */
  readonly name: string
  readonly bars: readonly Bar[]
  readonly ticks: readonly number[]
  readonly tickLabel: (value: number) => string
  /** A horizontal line, such as the mean. */
  readonly mark?: { readonly value: number; readonly label: string }
  /** The label below the axis. */
  readonly axis?: string
}

const WIDTH = 640
const HEIGHT = 240
const LEFT = 52
const RIGHT = 10
const TOP = 14
const BOTTOM = 40
/** Maximum width of a bar. */
const MAX_BAR = 44

/** A vertical bar chart. */
export function barChart({ name, bars, ticks, tickLabel, mark, axis }: BarChartOptions): string {
  const top = ticks.at(-1)!
  const y = (value: number): number => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top)
  const slot = (WIDTH - LEFT - RIGHT) / Math.max(1, bars.length)
  const gap = slot > 6 ? Math.min(slot * 0.22, 8) : slot > 2 ? 1 : 0
  const width = Math.min(slot - gap, MAX_BAR)
  const base = y(0)
  const grid = ticks.map(
    (value) =>
      element('line', {
        class: value === 0 ? 'base' : 'grid',
        x1: LEFT,
        x2: WIDTH - RIGHT,
        y1: y(value),
        y2: y(value),
      }) +
      element(
        'text',
        { class: 'tick', x: LEFT - 8, y: y(value) + 4, 'text-anchor': 'end' },
        escapeHtml(tickLabel(value)),
      ),
  )
  const drawn = bars.map(({ value, hint, tone = 'bar' }, i) => {
    const x = LEFT + slot * i + (slot - width) / 2
    // A small value must stay visible.
    const height = value === 0 ? 0 : Math.max(base - y(value), 1.5)
    const rounded = Math.min(width / 2, height, 3)
    const hover = element('title', {}, escapeHtml(hint))
    const column = element('path', {
      class: tone,
      d: roundedTop(x, base - height, width, height, rounded),
    })
    // The hover target is the whole slot, because thin bars are hard to hit.
    const target = element('rect', {
      class: 'target',
      x: LEFT + slot * i,
      y: TOP,
      width: slot,
      height: base - TOP,
    })
    return element('g', {}, hover + column + target)
  })
  return element(
    'svg',
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': name },
    [...grid, ...drawn, labels(bars, slot, base), markLine(mark, y), axisName(axis)].join(''),
  )
}

function roundedTop(x: number, y: number, width: number, height: number, r: number): string {
  const n = (value: number): string => String(Math.round(value * 100) / 100)
  return (
    `M${n(x)} ${n(y + height)}V${n(y + r)}Q${n(x)} ${n(y)} ${n(x + r)} ${n(y)}` +
    `H${n(x + width - r)}Q${n(x + width)} ${n(y)} ${n(x + width)} ${n(y + r)}V${n(y + height)}Z`
  )
}

/** Width of a character of a label. */
const CHARACTER = 7
/** A label may be shortened to this many characters, so that more of them fit. */
const SHORTEST = 8

/** As many evenly spaced labels as fit. */
function labels(bars: readonly Bar[], slot: number, base: number): string {
  const longest = Math.max(1, ...bars.map(({ label }) => label.length))
  const shown = Math.min(longest, Math.max(SHORTEST, Math.floor((slot - 10) / CHARACTER)))
  const every = Math.max(1, Math.ceil((shown * CHARACTER + 10) / slot))
  return bars
    .map(({ label }, i) =>
      i % every === 0
        ? element(
            'text',
            { class: 'tick', x: LEFT + slot * (i + 0.5), y: base + 16, 'text-anchor': 'middle' },
            escapeHtml(shortened(label, shown)),
          )
        : '',
    )
    .join('')
}

function markLine(mark: BarChartOptions['mark'], y: (value: number) => number): string {
  if (mark === undefined) return ''
  return (
    element('line', {
      class: 'mark',
      x1: LEFT,
      x2: WIDTH - RIGHT,
      y1: y(mark.value),
      y2: y(mark.value),
    }) +
    element(
      'text',
      { class: 'mark-label', x: WIDTH - RIGHT, y: y(mark.value) - 5, 'text-anchor': 'end' },
      escapeHtml(mark.label),
    )
  )
}

function axisName(axis: string | undefined): string {
  if (axis === undefined) return ''
  return element(
    'text',
    { class: 'axis', x: (LEFT + WIDTH - RIGHT) / 2, y: HEIGHT - 6, 'text-anchor': 'middle' },
    escapeHtml(axis),
  )
}
