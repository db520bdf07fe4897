import { LINE_LIMIT_TEXT, MAX_LINE_BYTES, MAX_NESTING } from './limits.js'

const LINE_FEED = 10
const QUOTE = 34
const BACKSLASH = 92
const COMMA = 44
const OPEN_ARRAY = 91
const CLOSE_ARRAY = 93
const OPEN_OBJECT = 123
const CLOSE_OBJECT = 125

/** One value as it stands in the text. */
export interface JsonValue {
  readonly bytes: Buffer
  /** First and last line; the first of the text is 1. */
  readonly line: number
  readonly lastLine: number
}

/** Text in which the next value cannot be found; thrown by `take` and `end`. */
export class JsonBroken extends Error {
  readonly line: number

  constructor(line: number, reason: string) {
    super(reason)
    this.line = line
  }
}

/**
 * Finds the values of an array, or values one after the other, in pieces that may be cut anywhere.
 *
 * It matches brackets and quotes; the rest is checked when the value is parsed.
 */
export class JsonValues {
  /** The expected token: `start` is an array or the first value, `more` a comma or the end of the array. */
  #expect: 'start' | 'first' | 'value' | 'more' | 'nothing' | 'series' = 'start'
  /** Closing brackets of the value that is open. */
  readonly #open = new Uint8Array(MAX_NESTING + 1)
  #depth = 0
  #kind: 'none' | 'nested' | 'text' | 'scalar' = 'none'
  #inText = false
  #escaped = false
  #line = 1
  #valueLine = 1
  #parts: Buffer[] = []
  #bytes = 0

  /** Values that are complete with this piece. Errors: JsonBroken. */
  take(piece: Buffer): JsonValue[] {
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
          throw this.#broken('a text in quotes does not end before its line does')
        continue
      }
      if (this.#kind === 'scalar' && !endsScalar(byte)) continue
      if (this.#kind === 'scalar') finish(at)
      if (this.#kind === 'nested') {
        if (byte === QUOTE) this.#inText = true
        else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) this.#push(byte)
        else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
          if (this.#open[this.#depth] !== byte)
            throw this.#broken(`a ${String.fromCharCode(byte)} closes what it has not opened`)
          if (--this.#depth === 0) finish(at + 1)
        } else if (byte === LINE_FEED) this.#line++
        continue
      }
      if (byte === LINE_FEED) this.#line++
      else if (byte !== 32 && byte !== 9 && byte !== 13 && this.#begins(byte)) start = at
    }
    if (start >= 0) this.#keep(piece.subarray(start))
    return values
  }

  /** The value that ends with the input, if one does. Errors: JsonBroken when something is still open. */
  end(): JsonValue | undefined {
    if (this.#kind === 'scalar' && this.#expect === 'series') return this.#finish(Buffer.alloc(0))
    if (this.#kind !== 'none')
      throw new JsonBroken(
        this.#valueLine,
        'the row that begins here does not end before the input does',
      )
    if (this.#expect === 'start' || this.#expect === 'nothing' || this.#expect === 'series')
      return undefined
    throw this.#broken('the input ends before the array does')
  }

  /** True when a value begins with this byte; commas and the brackets of the array are taken here. */
  #begins(byte: number): boolean {
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
        throw this.#broken('the array has ended, and more text follows')
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
      throw this.#broken(`a row may be nested ${MAX_NESTING} deep, this is deeper`)
    this.#depth++
    this.#open[this.#depth] = byte === OPEN_OBJECT ? CLOSE_OBJECT : CLOSE_ARRAY
  }

  #keep(part: Buffer): void {
    this.#parts.push(part)
    this.#bytes += part.length
    if (this.#bytes > MAX_LINE_BYTES)
      throw new JsonBroken(this.#valueLine, `a row may have ${LINE_LIMIT_TEXT}, this has more`)
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
