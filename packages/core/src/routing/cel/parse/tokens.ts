import { CelSyntaxError } from '../cel-failure.js'
import { unquote } from './unquote.js'
import { CelUint } from '../run/values.js'

export type Token =
  | {
      readonly kind: 'end' | 'symbol' | 'identifier' | 'quoted'
      readonly text: string
      readonly at: number
    }
  /** Digits without their sign, which decides the range. */
  | { readonly kind: 'int'; readonly text: string; readonly at: number }
  | {
      readonly kind: 'value'
      readonly text: string
      readonly value: number | string | Uint8Array | CelUint
      readonly at: number
    }

const SPACE = /[\t\n\f\r ]/
const LETTER = /[A-Za-z_]/
const WORD = /[A-Za-z0-9_]/
const DIGIT = /[0-9]/
const HEX = /[0-9A-Fa-f]/
const QUOTED_NAME = /[A-Za-z0-9_.\-/ ]/
const TWO = new Set(['==', '!=', '<=', '>=', '&&', '||'])
const ONE = new Set('<>[]{}().,-!?:+*/%')
const MAX_UINT64 = 2n ** 64n - 1n

/**
 * Splits an expression into tokens, in one pass over its characters.
 *
 * Errors: CelSyntaxError. Source: the CEL grammar of cel-cpp.
 */
export function tokenize(source: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  while (at < source.length) {
    if (SPACE.test(source[at]!)) at++
    else if (source.startsWith('//', at)) {
      const end = source.indexOf('\n', at)
      at = end === -1 ? source.length : end
    } else {
      const token = readToken(source, at)
      tokens.push(token)
      at += token.text.length
    }
  }
  tokens.push({ kind: 'end', text: '', at })
  return tokens
}

function readToken(source: string, at: number): Token {
  const text = unquote(source, at)
  if (text !== undefined)
    return { kind: 'value', text: source.slice(at, text.end), value: text.value, at }
  const char = source[at]!
  if (DIGIT.test(char) || (char === '.' && DIGIT.test(source[at + 1] ?? '')))
    return readNumber(source, at)
  if (LETTER.test(char)) {
    return { kind: 'identifier', text: source.slice(at, skip(source, at, WORD)), at }
  }
  if (char === '`') {
    const end = skip(source, at + 1, QUOTED_NAME)
    if (source[end] === '`' && end > at + 1)
      return { kind: 'quoted', text: source.slice(at, end + 1), at }
  }
  const two = source.slice(at, at + 2)
  if (TWO.has(two)) return { kind: 'symbol', text: two, at }
  if (ONE.has(char)) return { kind: 'symbol', text: char, at }
  throw new CelSyntaxError(
    at,
    `a token was expected, got ${JSON.stringify(String.fromCodePoint(source.codePointAt(at)!))}`,
  )
}

function readNumber(source: string, at: number): Token {
  if (source.startsWith('0x', at) && HEX.test(source[at + 2] ?? '')) {
    return integer(source, at, skip(source, at + 2, HEX))
  }
  let end = skip(source, at, DIGIT)
  let whole = true
  if (source[end] === '.' && DIGIT.test(source[end + 1] ?? '')) {
    end = skip(source, end + 1, DIGIT)
    whole = false
  }
  if (source[end] === 'e' || source[end] === 'E') {
    const digits = source[end + 1] === '+' || source[end + 1] === '-' ? end + 2 : end + 1
    if (DIGIT.test(source[digits] ?? '')) {
      end = skip(source, digits, DIGIT)
      whole = false
    }
  }
  if (whole) return integer(source, at, end)
  const text = source.slice(at, end)
  return { kind: 'value', text, value: Number(text), at }
}

function integer(source: string, at: number, end: number): Token {
  const text = source.slice(at, end)
  const suffix = source[end]
  if (suffix !== 'u' && suffix !== 'U') return { kind: 'int', text, at }
  const value = integerOf(text)
  if (value > MAX_UINT64) throw new CelSyntaxError(at, 'a uint must be in 0 to 2^64-1')
  return { kind: 'value', text: text + suffix, value: new CelUint(value), at }
}

/**
 * Converts digits in decimal or, after 0x, hexadecimal; a number too long for any range becomes one
 * out of every range.
 */
export function integerOf(text: string): bigint {
  const hex = text.startsWith('0x')
  let from = hex ? 2 : 0
  while (text[from] === '0' && from < text.length - 1) from++
  const digits = text.slice(from)
  return digits.length > 20 ? 2n ** 65n : BigInt(hex ? `0x${digits}` : digits)
}

function skip(source: string, at: number, chars: RegExp): number {
  let end = at
  while (end < source.length && chars.test(source[end]!)) end++
  return end
}
