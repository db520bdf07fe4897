import { Failure } from '../util/usage-error.js'

/** Where the lines of all inputs went. */
export interface LineCounts {
  /** Lines that hold rows that were taken. */
  readonly taken: number
  /** Lines that hold no row: headers, blank lines, brackets around rows of JSON. */
  readonly leftOut: number
  /** Lines of rows that could not be taken. */
  readonly skipped: number
}

/** Counts what became of every line; readers report to it, and `check` compares with the lines that were read. */
export class LineTally implements LineCounts {
  taken = 0
  leftOut = 0
  skipped = 0

  get read(): number {
    return this.taken + this.leftOut + this.skipped
  }

  /** Errors: Failure when a line of the input was neither taken, nor left out, nor skipped. */
  check(name: string, before: number, lines: number): void {
    if (this.read - before === lines) return
    throw new Failure(
      `${name}: it has ${lines} lines, and ${this.read - before} of them are accounted for; ` +
        'this is a defect of shardy, please report it',
    )
  }
}
