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
 * Reads the rows of a JSON array, or of consecutive JSON objects, over any number of lines.
 *
 * Errors: the policy handles BadRow. Unbalanced brackets and quotes are a Failure with any policy.
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
    const rows = reader.convert(values)
    if (rows.length > 0) yield rows
  }
  reader.ignoreLines(input.linesRead)
}

/** Reads the JSON values. Errors: Failure. */
export async function* jsonValues(
  input: Input,
  chunks: AsyncIterable<Buffer>,
): AsyncGenerator<readonly JsonValue[]> {
  const values = new JsonValues()
  try {
    for await (const piece of chunks) yield values.write(piece)
    const last = values.end()
    if (last !== undefined) yield [last]
  } catch (error) {
    if (!(error instanceof JsonBroken)) throw error
    throw new Failure(
      `${input.name}:${error.line}: ${error.message}; the input must be a JSON array of objects, ` +
        'or consecutive objects',
      { cause: error },
    )
  }
}

class JsonRows {
  readonly #file: string
  readonly #options: RowOptions
  readonly #bad: BadRowPolicy
  readonly #tally: LineTally
  /** The last line that has been counted. */
  #line = 0

  constructor(file: string, options: RowOptions, bad: BadRowPolicy, tally: LineTally) {
    this.#file = file
    this.#options = options
    this.#bad = bad
    this.#tally = tally
  }

  convert(values: readonly JsonValue[]): Row[] {
    const rows: Row[] = []
    for (const value of values) {
      const { line, lastLine } = value
      this.ignoreLines(line - 1)
      // If rows share a line, only the first one counts it.
      const lines = Math.max(0, lastLine - this.#line)
      this.#line = Math.max(this.#line, lastLine)
      try {
        rows.push(this.#row(value))
        this.#tally.accepted += lines
      } catch (error) {
        if (!(error instanceof BadRow)) throw error
        this.#tally.skipped += lines
        this.#bad.reject(error.message, { file: this.#file, line }, () => value.bytes.toString())
      }
    }
    return rows
  }

  /** Counts the uncounted lines up to this one, which contain no row. */
  ignoreLines(upTo: number): void {
    if (upTo <= this.#line) return
    this.#tally.ignored += upTo - this.#line
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
