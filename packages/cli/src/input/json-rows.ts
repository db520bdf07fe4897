import { isUtf8 } from 'node:buffer'
import { compactJson } from '../json/compact-json.js'
import { Failure } from '../util/usage-error.js'
import { BadRow, type BadRowPolicy } from './bad-row.js'
import { jsonRow } from './json-row.js'
import { JsonBroken, type JsonValue, JsonValues } from './json-values.js'
import { NOT_UTF8 } from './limits.js'
import type { LineTally } from './line-tally.js'
import type { Input } from './open-input.js'
import type { Row } from './row.js'
import type { RowOptions } from './row-options.js'

/**
 * Rows of one JSON array, or of objects one after the other, over any number of lines.
 *
 * Errors: BadRow goes to the policy; Failure for brackets and quotes that do not match, whatever the policy.
 */
export async function* jsonRows(
  input: Input,
  chunks: AsyncIterable<Buffer>,
  options: RowOptions,
  bad: BadRowPolicy,
  tally: LineTally,
): AsyncGenerator<readonly Row[]> {
  const reader = new JsonRows(input.name, options, bad, tally)
  for await (const values of jsonValues(input, chunks)) {
    const rows = reader.take(values)
    if (rows.length > 0) yield rows
  }
  reader.leaveOut(input.linesRead)
}

/** The values themselves. Errors: Failure. */
export async function* jsonValues(
  input: Input,
  chunks: AsyncIterable<Buffer>,
): AsyncGenerator<readonly JsonValue[]> {
  const values = new JsonValues()
  try {
    for await (const piece of chunks) yield values.take(piece)
    const last = values.end()
    if (last !== undefined) yield [last]
  } catch (error) {
    if (!(error instanceof JsonBroken)) throw error
    throw new Failure(
      `${input.name}:${error.line}: ${error.message}; the input must be a JSON array of objects, ` +
        'or objects one after the other',
      { cause: error },
    )
  }
}

class JsonRows {
  readonly #file: string
  readonly #options: RowOptions
  readonly #bad: BadRowPolicy
  readonly #tally: LineTally
  /** The last line that is accounted for. */
  #line = 0

  constructor(file: string, options: RowOptions, bad: BadRowPolicy, tally: LineTally) {
    this.#file = file
    this.#options = options
    this.#bad = bad
    this.#tally = tally
  }

  take(values: readonly JsonValue[]): Row[] {
    const rows: Row[] = []
    for (const value of values) {
      const { line, lastLine } = value
      this.leaveOut(line - 1)
      // Of rows that share a line the first one counts.
      const lines = Math.max(0, lastLine - this.#line)
      this.#line = Math.max(this.#line, lastLine)
      try {
        rows.push(this.#row(value))
        this.#tally.taken += lines
      } catch (error) {
        if (!(error instanceof BadRow)) throw error
        this.#tally.skipped += lines
        this.#bad.reject(error.message, { file: this.#file, line }, () => value.bytes.toString())
      }
    }
    return rows
  }

  /** Counts the lines up to this one that hold no row. */
  leaveOut(upTo: number): void {
    if (upTo <= this.#line) return
    this.#tally.leftOut += upTo - this.#line
    this.#line = upTo
  }

  #row({ bytes, line }: JsonValue): Row {
    if (!isUtf8(bytes)) throw new BadRow(NOT_UTF8)
    const text = bytes.toString()
    const row = jsonRow(text, bytes, line, this.#options)
    if (this.#options.value !== undefined || !bytes.includes(10)) return row
    return { ...row, value: Buffer.from(compactJson(text)) }
  }
}
