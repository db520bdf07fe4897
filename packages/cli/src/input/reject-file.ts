import { closeSync, openSync } from 'node:fs'
import { Sink } from '../output/sink.js'
import { Failure } from '../util/usage-error.js'
import { type BadRowPolicy, type Place, SkipBadRows } from './bad-row.js'

/** `--on-error reject-file`: writes invalid rows with their position and the reason, one JSON object per line. */
export class RejectFile implements BadRowPolicy {
  readonly #path: string
  readonly #counted: SkipBadRows
  #fd: number | undefined
  #sink: Sink | undefined

  constructor(path: string, maxErrors: number | undefined) {
    this.#path = path
    this.#counted = new SkipBadRows(maxErrors, () => {})
  }

  get count(): number {
    return this.#counted.count
  }

  reject(reason: string, place: Place, text: () => string): void {
    // Write first, so that the file includes the row that exceeds --max-errors.
    this.#open().write(`${JSON.stringify({ ...place, reason, row: text() })}\n`)
    this.#counted.reject(reason, place)
  }

  close(): void {
    this.#sink?.flush()
    if (this.#fd !== undefined) closeSync(this.#fd)
    this.#fd = undefined
    this.#sink = undefined
  }

  /** Opens the file at the first invalid row, and replaces the file of an earlier build. */
  #open(): Sink {
    if (this.#sink !== undefined) return this.#sink
    try {
      this.#fd = openSync(this.#path, 'w')
    } catch (cause) {
      throw new Failure(`--reject-file: ${(cause as Error).message}`, { cause })
    }
    this.#sink = new Sink(this.#fd)
    return this.#sink
  }
}
