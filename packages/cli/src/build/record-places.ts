import type { Row } from '../input/row.js'

interface Batch {
  readonly file: string
  readonly first: number
  readonly lines: readonly number[]
}

/** Batches to remember: the writer may report a row only after later batches were passed to it. */
const REMEMBERED = 64

/** Maps the row numbers in the writer's errors to file and line, for the most recent batches. */
export class RecordPlaces {
  readonly #batches: Batch[] = []
  #records = 0

  /** Number of rows so far. */
  get records(): number {
    return this.#records
  }

  add(file: string, rows: readonly Row[]): void {
    // Store only the line numbers: the values of the rows may be large.
    this.#batches.push({ file, first: this.#records, lines: rows.map(({ line }) => line) })
    if (this.#batches.length > REMEMBERED) this.#batches.shift()
    this.#records += rows.length
  }

  /** `file:line` of a row by its number; `undefined` if its batch is no longer remembered. */
  find(record: number): string | undefined {
    const batch = this.#batches.find(
      ({ first, lines }) => record >= first && record < first + lines.length,
    )
    return batch === undefined ? undefined : `${batch.file}:${batch.lines[record - batch.first]!}`
  }
}
