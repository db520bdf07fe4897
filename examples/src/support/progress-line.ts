import type { BuildProgress } from '@shardyfusion/core'
import { formatBytes, formatCount, formatMs } from './format.js'
import type { Output } from './program.js'

/** Interval between updates: redrawn in place on a terminal, a new line elsewhere. */
const REDRAW_MS = 100
const PLAIN_LINE_MS = 1000

/**
 * Runs a build with a progress line, which is redrawn in place on a terminal, and printed at intervals elsewhere.
 *
 * @example
 * await withProgress(process.stderr, (onProgress) => writeSnapshot(rows, { …, onProgress }))
 */
export async function withProgress<T>(
  output: Output,
  build: (onProgress: (progress: BuildProgress) => void) => Promise<T>,
): Promise<T> {
  const line = new ProgressLine(output)
  try {
    return await build((progress) => line.update(progress))
  } finally {
    line.end()
  }
}

class ProgressLine {
  readonly #output: Output
  readonly #live: boolean
  readonly #startedAt = performance.now()
  readonly #timer: NodeJS.Timeout
  #latest: BuildProgress | undefined

  constructor(output: Output) {
    this.#output = output
    this.#live = output.isTTY === true && process.env['TERM'] !== 'dumb'
    this.#timer = setInterval(() => this.#draw(), this.#live ? REDRAW_MS : PLAIN_LINE_MS)
  }

  update(progress: BuildProgress): void {
    this.#latest = progress
    if (progress.phase === 'done') this.#draw()
  }

  end(): void {
    clearInterval(this.#timer)
    if (this.#live && this.#latest !== undefined) this.#output.write('\n')
  }

  #draw(): void {
    if (this.#latest === undefined) return
    const text = `   ${describe(this.#latest, performance.now() - this.#startedAt)}`
    // A line longer than the terminal would wrap and could not be rewritten.
    const columns = this.#output.columns ?? 80
    this.#output.write(this.#live ? `\r${text.slice(0, columns - 1)}\u001B[K` : `${text}\n`)
  }
}

function describe(progress: BuildProgress, elapsedMs: number): string {
  const { phase, rows, bytes, shards, shardsSealed } = progress
  const taken = `${formatCount(rows)} rows, ${formatBytes(bytes)}`
  const rate = `${formatCount(Math.round((rows * 1000) / elapsedMs))} rows/s`
  const time = formatMs(elapsedMs)
  switch (phase) {
    case 'training':
      return `training    ${rows} rows, ${time}`
    case 'writing':
      return `writing     ${taken}, ${rate}, ${time}`
    case 'sealing':
      return `sealing     ${taken}, ${shardsSealed} of ${shards} shards, ${time}`
    case 'publishing':
      return `publishing  ${taken}, ${shards} shards, ${time}`
    case 'done':
      return `published   ${taken}, ${shards} shards, ${time} (${rate})`
  }
}
