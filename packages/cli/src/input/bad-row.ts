import { printable } from '../output/table.js'
import { Failure } from '../util/usage-error.js'

/** An invalid row, with the reason. The code that finds it throws; the `BadRowPolicy` decides what happens. */
export class BadRow extends Error {
  override readonly name = 'BadRow'
}

/** The position of a row in the input. */
export interface Place {
  /** Path of the file, or `stdin`. */
  readonly file: string
  /** The first line is 1. A CSV row over several lines has the number of its first line. */
  readonly line: number
}

/** Handles invalid rows. Throws if the build must end. */
export interface BadRowPolicy {
  /** Handles one invalid row; `text` returns its source text. */
  reject(reason: string, place: Place, text: () => string): void
  readonly count: number
  /** Closes the file of rejected rows, if there is one. */
  close(): void
}

/** `--on-error fail`: the first invalid row ends the build. */
export class FailOnBadRow implements BadRowPolicy {
  readonly count = 0

  reject(reason: string, { file, line }: Place): never {
    throw new Failure(`${file}:${line}: ${reason}`)
  }

  close(): void {}
}

/** `--on-error skip`: counts invalid rows and reports the first few. */
export class SkipBadRows implements BadRowPolicy {
  count = 0
  readonly #maxErrors: number
  readonly #report: (text: string) => void

  constructor(maxErrors: number | undefined, report: (text: string) => void) {
    this.#maxErrors = maxErrors ?? Number.POSITIVE_INFINITY
    this.#report = report
  }

  reject(reason: string, { file, line }: Place, _text?: () => string): void {
    this.count++
    if (this.count > this.#maxErrors) {
      throw new Failure(
        `${file}:${line}: ${reason}; more rows are invalid than --max-errors ${this.#maxErrors} allows`,
      )
    }
    if (this.count <= SHOWN) this.#report(`skipped ${printable(`${file}:${line}: ${reason}`)}\n`)
    if (this.count === SHOWN + 1) this.#report('skipped more rows; further rows are only counted\n')
  }

  close(): void {}
}

const SHOWN = 5
