import { CelSyntaxError } from '../cel-failure.js'

const PREFIX = /[bBrR'"]/
const SIMPLE: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '"': '"',
  "'": "'",
  '\\': '\\',
  '?': '?',
  '`': '`',
}
const HEX_DIGITS: Readonly<Record<string, number>> = { x: 2, X: 2, u: 4, U: 8 }

/**
 * Returns the text or bytes literal that starts at a position, if there is one.
 *
 * Errors: CelSyntaxError for a literal without an end, or with an unknown escape.
 */
export function unquote(
  source: string,
  at: number,
): { readonly value: string | Uint8Array; readonly end: number } | undefined {
  let from = at
  if (!PREFIX.test(source[from] ?? '')) return undefined
  const bytes = source[from] === 'b' || source[from] === 'B'
  if (bytes) from++
  const raw = source[from] === 'r' || source[from] === 'R'
  if (raw) from++
  const mark = source[from]
  if (mark !== '"' && mark !== "'") return undefined
  const long = source.startsWith(mark.repeat(3), from)
  const close = long ? mark.repeat(3) : mark
  const reader = new LiteralReader(source, at, bytes)
  let i = from + close.length
  while (!source.startsWith(close, i)) {
    const char = source[i]
    if (char === undefined || (!long && (char === '\n' || char === '\r'))) {
      throw new CelSyntaxError(at, `a literal must end with ${close}`)
    }
    if (char === '\\' && !raw) i = reader.escape(i)
    else i = reader.plain(i)
  }
  return { value: reader.finish(), end: i + close.length }
}

class LiteralReader {
  readonly #source: string
  readonly #at: number
  readonly #bytes: number[] | undefined
  #text = ''

  constructor(source: string, at: number, bytes: boolean) {
    this.#source = source
    this.#at = at
    this.#bytes = bytes ? [] : undefined
  }

  plain(i: number): number {
    const char = String.fromCodePoint(this.#source.codePointAt(i)!)
    this.#push(char)
    return i + char.length
  }

  escape(i: number): number {
    const next = this.#source[i + 1] ?? ''
    const simple = SIMPLE[next]
    if (simple !== undefined) {
      this.#push(simple)
      return i + 2
    }
    const digits = HEX_DIGITS[next]
    if (digits !== undefined) return this.#code(i, i + 2, digits, 16, next === 'u' || next === 'U')
    if (next >= '0' && next <= '3') return this.#code(i, i + 1, 3, 8, false)
    throw new CelSyntaxError(i, `unknown escape ${JSON.stringify(`\\${next}`)}`)
  }

  finish(): string | Uint8Array {
    return this.#bytes === undefined ? this.#text : Uint8Array.from(this.#bytes)
  }

  #code(i: number, from: number, digits: number, base: 8 | 16, unicode: boolean): number {
    const text = this.#source.slice(from, from + digits)
    const known = base === 16 ? /^[0-9A-Fa-f]+$/ : /^[0-7]+$/
    if (text.length < digits || !known.test(text)) {
      throw new CelSyntaxError(i, `an escape needs ${digits} digits, got ${JSON.stringify(text)}`)
    }
    const code = Number.parseInt(text, base)
    if (this.#bytes !== undefined && !unicode) {
      this.#bytes.push(code)
      return from + digits
    }
    if (this.#bytes !== undefined)
      throw new CelSyntaxError(i, 'a bytes literal takes no Unicode escape')
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
      throw new CelSyntaxError(this.#at, `${text} is not the number of a character`)
    }
    this.#text += String.fromCodePoint(code)
    return from + digits
  }

  #push(char: string): void {
    if (this.#bytes === undefined) this.#text += char
    else this.#bytes.push(...new TextEncoder().encode(char))
  }
}
