import { element, escapeHtml, shortened } from './markup.js'

/** The key range of one shard, as positions between 0 and 1. */
export interface RangeBar {
  readonly label: string
  readonly from: number
  readonly to: number
  readonly hint: string
}

export interface RangeChartOptions {
  readonly name: string
  readonly ranges: readonly RangeBar[]
  /** Labels of the ends of the axis. */
  readonly first: string
  readonly last: string
}

const WIDTH = 640
const MIN_LEFT = 52
/** Maximum characters of a label. */
const MAX_LABEL = 16
const RIGHT = 10
const TOP = 8
const BOTTOM = 30
/** Maximum height, for any number of shards. */
const MAX_HEIGHT = 240

/** A chart with one bar per shard, from the first key to the last. */
export function rangeChart({ name, ranges, first, last }: RangeChartOptions): string {
  const slot = Math.min(20, (MAX_HEIGHT - TOP - BOTTOM) / Math.max(1, ranges.length))
  const height = TOP + BOTTOM + slot * ranges.length
  const thick = Math.max(1, slot * 0.55)
  const longest = Math.max(0, ...ranges.map(({ label }) => Math.min(label.length, MAX_LABEL)))
  const left = Math.max(MIN_LEFT, longest * 7 + 16)
  const x = (place: number): number => left + (WIDTH - left - RIGHT) * place
  const every = Math.max(1, Math.ceil(13 / slot))
  const bars = ranges.map(({ label, from, to, hint }, i) => {
    const y = TOP + slot * i + (slot - thick) / 2
    const text =
      i % every === 0
        ? element(
            'text',
            { class: 'tick', x: left - 8, y: y + thick / 2 + 4, 'text-anchor': 'end' },
            escapeHtml(shortened(label, MAX_LABEL)),
          )
        : ''
    const track = element('rect', {
      class: 'track',
      x: left,
      y,
      width: WIDTH - left - RIGHT,
      height: thick,
      rx: thick / 2,
    })
    const bar = element('rect', {
      class: 'bar',
      x: x(from),
      y,
      width: Math.max(x(to) - x(from), 3),
      height: thick,
      rx: thick / 2,
    })
    return element('g', {}, element('title', {}, escapeHtml(hint)) + text + track + bar)
  })
  const end = (text: string, place: number, anchor: string): string =>
    element(
      'text',
      { class: 'tick', x: x(place), y: height - 8, 'text-anchor': anchor },
      escapeHtml(text),
    )
  return element(
    'svg',
    { viewBox: `0 0 ${WIDTH} ${height}`, role: 'img', 'aria-label': name },
    bars.join('') + end(first, 0, 'start') + end(last, 1, 'end'),
  )
}
