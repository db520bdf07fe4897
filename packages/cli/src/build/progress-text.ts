import type { Paint } from '../output/style.js'
import { clip, displayWidth } from '../output/table.js'
import { formatBytes, formatCount, formatMs } from '../output/units.js'
import type { ProgressState } from './progress-state.js'

const BAR_COLUMNS = 24
/** Below this fraction, an estimate of the remaining time is too unstable to show. */
const MIN_SHARE_FOR_ETA = 0.02

/** The progress of a build as one line, for logs. */
export function progressLine(state: ProgressState): string {
  const { phase, rows, bytes, shards, shardsSealed, elapsedMs } = state
  const written = `${formatCount(rows)} rows, ${formatBytes(bytes)}`
  const rate = `${formatCount(rowsPerSecond(state))} rows/s`
  const time = formatMs(elapsedMs)
  switch (phase) {
    case 'training':
      return `training: ${[`${formatCount(rows)} rows`, time].join(', ')}`
    case 'writing':
      return `writing: ${[percent(state), written, rate, eta(state), time].filter(Boolean).join(', ')}${bad(state)}`
    case 'sealing':
      return `sealing: ${shardsSealed} of ${shards} shards, ${written}, ${time}${bad(state)}`
    case 'publishing':
      return `publishing: ${written}, ${shards} shards, ${time}${bad(state)}`
    case 'done':
      return `published: ${written}, ${shards} shards, ${rate}, ${time}${bad(state)}`
  }
}

/** The progress of a build as terminal lines: the overall progress, and the state of the shards. */
export function progressBlock(state: ProgressState, columns: number, paint: Paint): string[] {
  const { phase, rows, bytes, elapsedMs } = state
  const facts = [
    percent(state),
    `${formatCount(rows)} rows`,
    `${formatCount(rowsPerSecond(state))} rows/s`,
    formatBytes(bytes),
    phase === 'writing' ? eta(state) : '',
    formatMs(elapsedMs),
    state.badRows === 0 ? '' : `${formatCount(state.badRows)} bad rows`,
  ].filter(Boolean)
  const label = `${phase.padEnd(10)} `
  const bar = progressBar(state, paint)
  const room = columns - 1 - label.length - bar.columns
  const first = `${paint('bold', label)}${bar.text}${clip(facts.join('  '), Math.max(8, room))}`
  return state.shards === 0 ? [first] : [first, shardLine(state, columns, paint)]
}

function progressBar(
  { share, phase }: ProgressState,
  paint: Paint,
): { readonly text: string; readonly columns: number } {
  const part = phase === 'writing' ? share : 1
  if (part === undefined) return { text: '', columns: 0 }
  const full = Math.floor(Math.min(1, part) * BAR_COLUMNS)
  const bar = paint('cyan', '█'.repeat(full)) + paint('dim', '░'.repeat(BAR_COLUMNS - full))
  return { text: `${bar}  `, columns: BAR_COLUMNS + 2 }
}

/**
 * One cell per shard, scaled down if the line is too narrow: sealed, open or retried.
 *
 * Cells show proportions, not individual shards: the number of sealed shards is known, but not which ones.
 * The ids of retried shards are listed.
 */
function shardLine(state: ProgressState, columns: number, paint: Paint): string {
  const { shards, shardsSealed, shardsResumed, retried, phase } = state
  const facts = [
    `${formatCount(shardsSealed)} of ${formatCount(shards)} sealed`,
    shardsResumed === 0 ? '' : `${formatCount(shardsResumed)} resumed`,
    retried.length === 0 ? '' : `retried: ${list(retried)}`,
  ].filter(Boolean)
  const label = 'shards'.padEnd(11)
  const text = clip(facts.join(', '), Math.max(16, columns - label.length - 12))
  const cells = Math.min(shards, Math.max(4, columns - 3 - label.length - displayWidth(text)))
  const scale = (count: number): number => Math.ceil((Math.min(count, shards) / shards) * cells)
  const sealed = shardsSealed >= shards ? cells : Math.min(scale(shardsSealed), cells - 1)
  const again = Math.min(scale(retried.length), cells - sealed)
  const open = paint(phase === 'sealing' ? 'cyan' : 'dim', '□'.repeat(cells - sealed - again))
  const strip = paint('green', '■'.repeat(sealed)) + paint('yellow', '▣'.repeat(again)) + open
  return `${label}${strip}  ${text}`
}

function list(shards: readonly number[]): string {
  const shown = shards.slice(0, 5).join(', ')
  return shards.length > 5 ? `${shown}, …` : shown
}

function rowsPerSecond({ rows, elapsedMs }: ProgressState): number {
  return elapsedMs < 1 ? 0 : Math.round((rows * 1000) / elapsedMs)
}

function percent({ share, phase }: ProgressState): string {
  return share === undefined || phase !== 'writing' ? '' : `${Math.floor(share * 100)} %`
}

function eta({ share, elapsedMs }: ProgressState): string {
  if (share === undefined || share < MIN_SHARE_FOR_ETA || share >= 1) return ''
  return `${formatMs((elapsedMs * (1 - share)) / share)} left`
}

function bad({ badRows }: ProgressState): string {
  return badRows === 0 ? '' : `, ${formatCount(badRows)} bad rows`
}
