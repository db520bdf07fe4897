import { printable } from '../output/table.js'
import { Failure } from '../util/usage-error.js'

/** A row that cannot be taken, and why; thrown where it is found, and decided about in one place. */
export class BadRow extends Error {
  override readonly name = 'BadRow'
}

/** Where a row stands. */
export interface Place {
  /** Path of the file, or `stdin`. */
  readonly file: string
  /** The first is 1; for CSV, the line a row begins in. */
  readonly line: number
}

/** Told of every row that cannot be taken; throws where that ends the build. */
export interface BadRowPolicy {
  /** `text` is the row as it stands, as far as it is known. */
  reject(reason: string, place: Place, text: () => string): void
  readonly count: number
  /** Ends what was begun, such as a file of rejects; `keep` is false when the build has failed. */
  close(): void
}

/** `--on-error fail`: the first bad row is the last. */
export class FailOnBadRow implements BadRowPolicy {
  readonly count = 0

  reject(reason: string, { file, line }: Place): never {
    throw new Failure(`${file}:${line}: ${reason}`)
  }

  close(): void {}
}

/** `--on-error skip`: counts them, and shows the first few. */
export class SkipBadRows implements BadRowPolicy {
  count = 0
  readonly #maxErrors: number
  readonly #tell: (text: string) => void

  constructor(maxErrors: number | undefined, tell: (text: string) => void) {
    this.#maxErrors = maxErrors ?? Number.POSITIVE_INFINITY
    this.#tell = tell
  }

  reject(reason: string, { file, line }: Place, _text?: () => string): void {
    this.count++
    if (this.count > this.#maxErrors) {
      throw new Failure(
        `${file}:${line}: ${reason}; that is more than --max-errors ${this.#maxErrors} allows`,
      )
    }
    if (this.count <= SHOWN) this.#tell(`skipped ${printable(`${file}:${line}: ${reason}`)}\n`)
    if (this.count === SHOWN + 1) this.#tell('skipped more rows, which are only counted\n')
  }

  close(): void {}
}

const SHOWN = 5
