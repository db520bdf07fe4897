import { LINE_LIMIT_TEXT, MAX_LINE_BYTES, MAX_NESTING } from './limits.js'

const LINE_FEED = 10
const QUOTE = 34
const BACKSLASH = 92
const COMMA = 44
const OPEN_ARRAY = 91
const CLOSE_ARRAY = 93
const OPEN_OBJECT = 123
const CLOSE_OBJECT = 125

/** The source of one value. */
export interface JsonValue {
  readonly bytes: Buffer
  /** First line of the value. The first line of the text is 1. */
  readonly line: number
  readonly lastLine: number
}

/** The text is malformed, and the next value cannot be found. Thrown by `write` and `end`. */
export class JsonBroken extends Error {
  readonly line: number

  constructor(line: number, reason: string) {
    super(reason)
    this.line = line
  }
}

/**
 * Splits a JSON array, or consecutive JSON values, into values. Chunks may end anywhere.
 *
 * It only matches brackets and quotes. Parsing validates each value later.
 */
export class JsonValues {
  /** The expected token: `start` is an array or the first value; `more` is a comma or the end of the array. */
  #expect: 'start' | 'first' | 'value' | 'more' | 'nothing' | 'series' = 'start'
  /** Expected closing brackets of the open value. */
  readonly #open = new Uint8Array(MAX_NESTING + 1)
  #depth = 0
  #kind: 'none' | 'nested' | 'text' | 'scalar' = 'none'
  #inText = false
  #escaped = false
  #line = 1
  #valueLine = 1
  #parts: Buffer[] = []
  #bytes = 0

  /** Reads a chunk and returns the values that it completes. Errors: JsonBroken. */
  write(piece: Buffer): JsonValue[] {
    const values: JsonValue[] = []
    let start = this.#kind === 'none' ? -1 : 0
    const finish = (end: number): void => {
      values.push(this.#finish(piece.subarray(start, end)))
      start = -1
    }
    for (let at = 0; at < piece.length; at++) {
      const byte = piece[at]!
      if (this.#inText) {
        if (this.#escaped) this.#escaped = false
        else if (byte === BACKSLASH) this.#escaped = true
        else if (byte === QUOTE) {
          this.#inText = false
          if (this.#kind === 'text') finish(at + 1)
        } else if (byte === LINE_FEED)
          throw this.#broken('a string has no closing quote in its line')
        continue
      }
      if (this.#kind === 'scalar' && !endsScalar(byte)) continue
      if (this.#kind === 'scalar') finish(at)
      if (this.#kind === 'nested') {
        if (byte === QUOTE) this.#inText = true
        else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) this.#push(byte)
        else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
          if (this.#open[this.#depth] !== byte)
            throw this.#broken(`${String.fromCharCode(byte)} does not match an opening bracket`)
          if (--this.#depth === 0) finish(at + 1)
        } else if (byte === LINE_FEED) this.#line++
        continue
      }
      if (byte === LINE_FEED) this.#line++
      else if (byte !== 32 && byte !== 9 && byte !== 13 && this.#startsValue(byte)) start = at
    }
    if (start >= 0) this.#store(piece.subarray(start))
    return values
  }

  /** Ends the input and returns the last value, if it was still open. Errors: JsonBroken if it is incomplete. */
  end(): JsonValue | undefined {
    if (this.#kind === 'scalar' && this.#expect === 'series') return this.#finish(Buffer.alloc(0))
    if (this.#kind !== 'none')
      throw new JsonBroken(
        this.#valueLine,
        'the row that starts here is incomplete at the end of the input',
      )
    if (this.#expect === 'start' || this.#expect === 'nothing' || this.#expect === 'series')
      return undefined
    throw this.#broken('the array has no closing bracket')
  }

  /** True if this byte starts a value. Consumes commas and the brackets of the array. */
  #startsValue(byte: number): boolean {
    switch (this.#expect) {
      case 'start':
        if (byte === OPEN_ARRAY) {
          this.#expect = 'first'
          return false
        }
        this.#expect = 'series'
        break
      case 'first':
        if (byte !== CLOSE_ARRAY) break
        this.#expect = 'nothing'
        return false
      case 'more':
        if (byte !== COMMA && byte !== CLOSE_ARRAY)
          throw this.#broken('rows of an array must be separated by commas')
        this.#expect = byte === COMMA ? 'value' : 'nothing'
        return false
      case 'nothing':
        throw this.#broken('expected the end of the input after the array, got more text')
      case 'value':
      case 'series':
    }
    if (byte === COMMA || byte === CLOSE_ARRAY || byte === CLOSE_OBJECT)
      throw this.#broken(`expected a row, got ${String.fromCharCode(byte)}`)
    this.#valueLine = this.#line
    this.#bytes = 0
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      this.#kind = 'nested'
      this.#push(byte)
    } else {
      this.#kind = byte === QUOTE ? 'text' : 'scalar'
      this.#inText = byte === QUOTE
    }
    return true
  }

  #push(byte: number): void {
    if (this.#depth === MAX_NESTING)
      throw this.#broken(`a row must be nested at most ${MAX_NESTING} levels deep, got more`)
    this.#depth++
    this.#open[this.#depth] = byte === OPEN_OBJECT ? CLOSE_OBJECT : CLOSE_ARRAY
  }

  #store(part: Buffer): void {
    this.#parts.push(part)
    this.#bytes += part.length
    if (this.#bytes > MAX_LINE_BYTES)
      throw new JsonBroken(this.#valueLine, `a row must have at most ${LINE_LIMIT_TEXT}, got more`)
  }

  #finish(last: Buffer): JsonValue {
    const bytes = this.#parts.length === 0 ? last : Buffer.concat([...this.#parts, last])
    this.#parts = []
    this.#kind = 'none'
    if (this.#expect !== 'series') this.#expect = 'more'
    return { bytes, line: this.#valueLine, lastLine: this.#line }
  }

  #broken(reason: string): JsonBroken {
    return new JsonBroken(this.#line, reason)
  }
}

function endsScalar(byte: number): boolean {
  return byte <= 32 || byte === COMMA || byte === CLOSE_ARRAY || byte === CLOSE_OBJECT
}
