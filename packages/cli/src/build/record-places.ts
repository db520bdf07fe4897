import type { Row } from '../input/row.js'

interface Batch {
  readonly file: string
  readonly first: number
  readonly lines: readonly number[]
}

/** Pieces of input that may be on their way to the writer when it complains about a row. */
const REMEMBERED = 64

/** Where the rows of the last pieces of input stood, since the writer knows them by number alone. */
export class RecordPlaces {
  readonly #batches: Batch[] = []
  #records = 0

  /** Rows so far. */
  get records(): number {
    return this.#records
  }

  add(file: string, rows: readonly Row[]): void {
    // Not the rows themselves: their values may be large.
    this.#batches.push({ file, first: this.#records, lines: rows.map(({ line }) => line) })
    if (this.#batches.length > REMEMBERED) this.#batches.shift()
    this.#records += rows.length
  }

  /** `file:line` of a row by its number; `undefined` when that is too long ago. */
  find(record: number): string | undefined {
    const batch = this.#batches.find(
      ({ first, lines }) => record >= first && record < first + lines.length,
    )
    return batch === undefined ? undefined : `${batch.file}:${batch.lines[record - batch.first]!}`
  }
}
