// Long because a parser and a writer share the rules of numbers, keys and escapes.

import { isPlainObject } from '../options/is-plain-object.js'

/** JSON data; integers are bigint where a number could not hold them (or always, see `parseJson`). */
export type JsonValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | JsonValue[]
  | { [name: string]: JsonValue }

export interface ParseJsonOptions {
  /** `bigint`: every integer; `when-unsafe` (default): only those a number cannot hold exactly. */
  readonly integers?: 'bigint' | 'when-unsafe'
  /**
   * Accepts the tokens `NaN`, `Infinity` and `-Infinity`, which Python writes (wire-format §3.6).
   */
  readonly nonFinite?: boolean
}

/** Maximum nesting, both ways: far above real data, far below the end of the stack. */
const MAX_DEPTH = 500

/** Maximum digits of one integer, as in Python: converting takes quadratic time. */
const MAX_DIGITS = 4300

/**
 * Parses JSON without losing integers.
 *
 * Hand-written because the text is untrusted and comes from Python: nesting and digits are bounded,
 * a `__proto__` member is plain data, the last of two equal names wins, and non-finite tokens may
 * be allowed. Errors: SyntaxError with the position, never with the text.
 */
export function parseJson(text: string, options: ParseJsonOptions = {}): JsonValue {
  return new Parser(text, options).document()
}

const QUOTE = 0x22
const MINUS = 0x2d
const POINT = 0x2e
const ZERO = 0x30
const NINE = 0x39
const BRACKET = 0x5b
const LETTER_E = 0x65
const BRACE = 0x7b
/** Number of digits that a number always holds exactly. */
const SMALL_DIGITS = 15

const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y
const PLAIN = /[^"\\\u0000-\u001f]*/y
const WORD = /true|false|null|NaN|-?Infinity/y
const HEX4 = /[\dA-Fa-f]{4}/y

const WORDS: Readonly<Record<string, JsonValue>> = { true: true, false: false, null: null }
const NON_FINITE: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
}
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}

class Parser {
  readonly #text: string
  readonly #options: ParseJsonOptions
  #at = 0
  #depth = 0

  constructor(text: string, options: ParseJsonOptions) {
    this.#text = text
    this.#options = options
  }

  document(): JsonValue {
    const value = this.#value()
    this.#skipWhite()
    if (this.#at < this.#text.length) throw this.#error('the end')
    return value
  }

  #value(): JsonValue {
    this.#skipWhite()
    const start = this.#text.charCodeAt(this.#at)
    if (start === BRACE) return this.#nested(() => this.#object())
    if (start === BRACKET) return this.#nested(() => this.#array())
    if (start === QUOTE) return this.#string()
    if (start === MINUS || (start >= ZERO && start <= NINE)) {
      const small = this.#smallInteger()
      if (small !== undefined) return small
    }
    const word = this.#take(WORD)
    if (word === undefined) return this.#number()
    const value = WORDS[word]
    if (value !== undefined) return value
    if (this.#options.nonFinite !== true) throw this.#error(`no ${word}`)
    return NON_FINITE[word]!
  }

  #nested<T>(read: () => T): T {
    this.#depth += 1
    if (this.#depth > MAX_DEPTH) throw this.#error(`at most ${MAX_DEPTH} levels`)
    this.#at += 1
    const value = read()
    this.#depth -= 1
    return value
  }

  #object(): JsonValue {
    const object: { [name: string]: JsonValue } = {}
    if (this.#next('}')) return object
    do {
      this.#skipWhite()
      if (this.#text.charCodeAt(this.#at) !== QUOTE) throw this.#error('a name in quotes')
      const name = this.#string()
      if (!this.#next(':')) throw this.#error("':'")
      setOwn(object, name, this.#value())
    } while (this.#next(','))
    if (!this.#next('}')) throw this.#error("',' or '}'")
    return object
  }

  #array(): JsonValue {
    const array: JsonValue[] = []
    if (this.#next(']')) return array
    do array.push(this.#value())
    while (this.#next(','))
    if (!this.#next(']')) throw this.#error("',' or ']'")
    return array
  }

  #string(): string {
    this.#at += 1
    let value = this.#take(PLAIN)!
    while (this.#text[this.#at] === '\\') {
      const escape = this.#text[this.#at + 1] ?? ''
      this.#at += 2
      if (escape === 'u') {
        const code = this.#take(HEX4)
        if (code === undefined) throw this.#error('four hexadecimal digits')
        value += String.fromCharCode(Number.parseInt(code, 16))
      } else {
        const character = ESCAPES[escape]
        if (character === undefined) throw this.#error('a JSON escape')
        value += character
      }
      value += this.#take(PLAIN)!
    }
    if (this.#text[this.#at] !== '"') throw this.#error('the end of a string')
    this.#at += 1
    return value
  }

  /**
   * Reads an integer of up to 15 digits, as most are; otherwise reads nothing and leaves it to
   * `#number`.
   */
  #smallInteger(): number | bigint | undefined {
    const isNegative = this.#text.charCodeAt(this.#at) === MINUS
    const first = isNegative ? this.#at + 1 : this.#at
    let value = 0
    let end = first
    let code = this.#text.charCodeAt(end)
    while (code >= ZERO && code <= NINE && end - first < SMALL_DIGITS) {
      value = value * 10 + (code - ZERO)
      code = this.#text.charCodeAt((end += 1))
    }
    const isNumber = (code >= ZERO && code <= NINE) || code === POINT || (code | 0x20) === LETTER_E
    // Zero may have a sign, and no digits after it.
    if (end === first || isNumber || (value === 0 && end - this.#at > 1)) return undefined
    if (end - first > 1 && this.#text.charCodeAt(first) === ZERO) return undefined
    this.#at = end
    const signed = isNegative ? -value : value
    return this.#options.integers === 'bigint' ? BigInt(signed) : signed
  }

  #number(): number | bigint {
    const token = this.#take(NUMBER)
    if (token === undefined) throw this.#error('a value')
    if (/[.eE]/.test(token)) return Number(token)
    if (this.#options.integers !== 'bigint') {
      const value = Number(token)
      if (Number.isSafeInteger(value)) return value
    }
    if (token.length > MAX_DIGITS) throw this.#error(`at most ${MAX_DIGITS} digits`)
    return BigInt(token)
  }

  /** Skips white space and the character, if it comes next. */
  #next(character: string): boolean {
    this.#skipWhite()
    if (this.#text[this.#at] !== character) return false
    this.#at += 1
    return true
  }

  #skipWhite(): void {
    let code = this.#text.charCodeAt(this.#at)
    while (code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d)
      code = this.#text.charCodeAt((this.#at += 1))
  }

  /** Reads what the sticky pattern matches here. */
  #take(pattern: RegExp): string | undefined {
    const from = this.#at
    pattern.lastIndex = from
    // Not exec, which makes an array for every token.
    if (!pattern.test(this.#text)) return undefined
    this.#at = pattern.lastIndex
    return this.#text.slice(from, this.#at)
  }

  #error(expected: string): SyntaxError {
    return new SyntaxError(`expected ${expected} at character ${this.#at}`)
  }
}

/** An object of JSON, not an array. */
export function isObject(value: JsonValue): value is Record<string, JsonValue> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Plain assignment would run the setter of `__proto__`. */
function setOwn(object: object, name: string, value: unknown): void {
  if (name !== '__proto__') (object as Record<string, unknown>)[name] = value
  else
    Object.defineProperty(object, name, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    })
}

/**
 * Writes plain data as ASCII JSON with sorted names, as the Python side does.
 *
 * Shape: `spaced` puts a space after `,` and `:`; a bigint is an integer; a number beyond 2^53
 * keeps a fraction, so that it is read back as a number; members that are `undefined` are omitted.
 * Errors: TypeError naming the path of a value that is not JSON (NaN, Date, class instances,
 * cycles).
 */
export function stringifyJson(value: unknown, style: 'spaced' | 'compact'): string {
  return write(value, style === 'spaced' ? ' ' : '', '', 0)
}

function write(value: unknown, space: string, path: string, depth: number): string {
  if (depth > MAX_DEPTH)
    throw new TypeError(`${at(path)}: more than ${MAX_DEPTH} levels, or a cycle`)
  if (typeof value === 'string') return quote(value)
  if (typeof value === 'bigint' || typeof value === 'boolean' || value === null)
    return String(value)
  if (typeof value === 'number') return writeNumber(value, path)
  if (Array.isArray(value)) {
    // Not map, which skips holes.
    const items = Array.from(value, (item, index) =>
      write(item, space, `${path}[${index}]`, depth + 1),
    )
    return `[${items.join(`,${space}`)}]`
  }
  if (typeof value === 'object' && isPlainObject(value)) {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => compareCodePoints(a, b))
      .map(
        ([name, member]) =>
          `${quote(name)}:${space}${write(member, space, `${path}.${name}`, depth + 1)}`,
      )
    return `{${members.join(`,${space}`)}}`
  }
  throw new TypeError(`${at(path)}: ${typeof value} is not JSON data`)
}

function writeNumber(value: number, path: string): string {
  if (!Number.isFinite(value)) throw new TypeError(`${at(path)}: ${value} is not a JSON number`)
  const text = Object.is(value, -0) ? '-0' : String(value)
  const needsFraction = text === '-0' || (/^-?\d+$/.test(text) && !Number.isSafeInteger(value))
  return needsFraction ? `${text}.0` : text
}

function quote(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** Python sorts names by code point; `<` sorts by UTF-16 unit, which puts U+FFFF after U+10000. */
function compareCodePoints(a: string, b: string): number {
  for (let i = 0; i < a.length && i < b.length; i += 1) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) return codePointRank(x) - codePointRank(y)
  }
  return a.length - b.length
}

/** Surrogates stand for code points above all others. */
function codePointRank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit
}

function at(path: string): string {
  return path === '' ? 'the value' : path.replace(/^\./, '')
}
