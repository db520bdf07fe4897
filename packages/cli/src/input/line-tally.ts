import { Failure } from '../util/usage-error.js'

/** The lines of all inputs, by outcome. */
export interface LineCounts {
  /** Lines of valid rows. */
  readonly accepted: number
  /** Lines without a row: headers, empty lines, the brackets of a JSON array. */
  readonly ignored: number
  /** Lines of invalid rows. */
  readonly skipped: number
}

/** Counts the lines of each outcome. `check` compares the sum with the number of lines read. */
export class LineTally implements LineCounts {
  accepted = 0
  ignored = 0
  skipped = 0

  get read(): number {
    return this.accepted + this.ignored + this.skipped
  }

  /** Checks that every line of an input was counted. Errors: Failure. */
  check(name: string, before: number, lines: number): void {
    if (this.read - before === lines) return
    throw new Failure(
      `${name}: expected to process ${lines} lines, processed ${this.read - before}; ` +
        'this is a bug in shardy, please report it',
    )
  }
}
