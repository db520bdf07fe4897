import { ticks } from './axis.js'
import { element, escapeHtml } from './markup.js'

export interface Deviation {
  /** Deviation from the mean, relative to the mean: 0.1 is 10 % above it. */
  readonly part: number
  readonly hint: string
}

const WIDTH = 640
const HEIGHT = 240
const LEFT = 52
const RIGHT = 10
const TOP = 14
const BOTTOM = 30
const MAX_BAR = 44
/** A finer scale would make noise look significant. */
const LEAST_SCALE = 0.05

/** A bar chart of deviations above and below the mean. */
export function deviationChart(
  name: string,
  deviations: readonly Deviation[],
  notable: number,
  axis: string,
): string {
  const most = Math.max(LEAST_SCALE, ...deviations.map(({ part }) => part))
  const least = Math.max(LEAST_SCALE, ...deviations.map(({ part }) => -part))
  const steps = ticks(Math.max(most, least), 3)
  const step = steps[1]!
  const up = Math.ceil(most / step - 1e-9)
  const down = Math.ceil(least / step - 1e-9)
  const values = Array.from({ length: up + down + 1 }, (_, i) => (i - down) * step)
  const y = (part: number): number =>
    TOP + ((HEIGHT - TOP - BOTTOM) * (up * step - part)) / ((up + down) * step)
  const slot = (WIDTH - LEFT - RIGHT) / Math.max(1, deviations.length)
  const gap = slot > 6 ? Math.min(slot * 0.22, 8) : slot > 2 ? 1 : 0
  const width = Math.min(slot - gap, MAX_BAR)
  const grid = values.map((value) => {
    const at = y(value)
    const isMean = Math.abs(value) < step / 2
    const label = isMean ? 'mean' : `${value > 0 ? '+' : '−'}${percent(Math.abs(value))}`
    return (
      element('line', {
        class: isMean ? 'base' : 'grid',
        x1: LEFT,
        x2: WIDTH - RIGHT,
        y1: at,
        y2: at,
      }) + element('text', { class: 'tick', x: LEFT - 8, y: at + 4, 'text-anchor': 'end' }, label)
    )
  })
  const bars = deviations.map(({ part, hint }, i) => {
    const x = LEFT + slot * i + (slot - width) / 2
    const height = Math.max(Math.abs(y(part) - y(0)), 1)
    const tone = part > notable ? 'warn' : part >= 0 ? 'bar' : 'muted'
    const bar = element('rect', {
      class: tone,
      x,
      y: part >= 0 ? y(0) - height : y(0),
      width,
      height,
      rx: Math.min(2, width / 2),
    })
    const target = element('rect', {
      class: 'target',
      x: LEFT + slot * i,
      y: TOP,
      width: slot,
      height: HEIGHT - TOP - BOTTOM,
    })
    return element('g', {}, element('title', {}, escapeHtml(hint)) + bar + target)
  })
  const label = element(
    'text',
    { class: 'axis', x: (LEFT + WIDTH - RIGHT) / 2, y: HEIGHT - 6, 'text-anchor': 'middle' },
    escapeHtml(axis),
  )
  return element(
    'svg',
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': name },
    [...grid, ...bars, label].join(''),
  )
}

/** 2.5 %, 40 % */
export function percent(part: number): string {
  const value = part * 100
  return `${Number(value.toFixed(value < 10 ? 1 : 0))} %`
}
