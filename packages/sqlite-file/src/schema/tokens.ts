import { unsupported } from '../error.js'

/** A piece of SQL: a word, a quoted name, a string, a number, a blob or a mark. */
export interface Token {
  readonly kind: 'word' | 'name' | 'string' | 'number' | 'blob' | 'mark'
  /** Without quotes; words as written. */
  readonly text: string
}

/** Bounds the memory that a hostile statement takes, in characters; statements of people are far shorter. */
const MAX_LENGTH = 1_000_000

const RULES: readonly [Token['kind'], RegExp][] = [
  ['blob', /^[xX]'([0-9a-fA-F]*)'/],
  ['name', /^\[([^\]]*)\]/],
  ['number', /^(0[xX][0-9a-fA-F]+|(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)/],
  ['word', /^([A-Za-z_$\u0080-\uffff][\w$\u0080-\uffff]*)/],
  // A quote without its end matches nothing.
  ['mark', /^([^'"`[])/],
]
const QUOTES = `'"\``

/** Splits SQL into tokens, without spaces and comments. */
function tokensOf(sql: string, where: string): Token[] {
  if (sql.length > MAX_LENGTH) {
    throw unsupported(
      `${where}: expected a statement of at most ${MAX_LENGTH} characters, got ${sql.length}; read the file with SQLite`,
    )
  }
  const tokens: Token[] = []
  for (let rest = withoutSpace(sql); rest !== ''; rest = withoutSpace(rest)) {
    const [token, length] = firstToken(rest, where)
    tokens.push(token)
    rest = rest.slice(length)
  }
  return tokens
}

/** Without spaces and comments in front. */
function withoutSpace(sql: string): string {
  let rest = sql.trimStart()
  for (;;) {
    const end = rest.startsWith('--') ? '\n' : rest.startsWith('/*') ? '*/' : undefined
    if (end === undefined) return rest
    const at = rest.indexOf(end, 2)
    rest = at < 0 ? '' : rest.slice(at + end.length).trimStart()
  }
}

function firstToken(rest: string, where: string): [Token, number] {
  const quoted = quotedToken(rest)
  if (quoted !== undefined) return quoted
  for (const [kind, rule] of RULES) {
    const match = rule.exec(rest)
    if (match !== null) return [{ kind, text: match[1]! }, match[0].length]
  }
  throw unsupported(`${where}: its SQL cannot be read, a quote ${rest[0]} has no end`)
}

/** A string or a name in quotes; a loop, because a pattern for it overflows the stack on long text. */
function quotedToken(rest: string): [Token, number] | undefined {
  const quote = rest[0]!
  if (!QUOTES.includes(quote)) return undefined
  let end = rest.indexOf(quote, 1)
  while (end >= 0 && rest[end + 1] === quote) end = rest.indexOf(quote, end + 2)
  if (end < 0) return undefined
  const text = rest.slice(1, end).replaceAll(quote + quote, quote)
  return [{ kind: quote === "'" ? 'string' : 'name', text }, end + 1]
}

/** Reads tokens one after the other. */
export class TokenReader {
  readonly #tokens: readonly Token[]
  readonly #where: string
  #at = 0

  constructor(sql: string, where: string) {
    this.#tokens = tokensOf(sql, where)
    this.#where = where
  }

  get isDone(): boolean {
    return this.#at >= this.#tokens.length
  }

  get current(): Token | undefined {
    return this.#tokens[this.#at]
  }

  /** True if the next token is this word, without regard to case, or this mark. */
  is(text: string): boolean {
    const token = this.current
    if (token === undefined || (token.kind !== 'word' && token.kind !== 'mark')) return false
    return token.text.toUpperCase() === text
  }

  /** Skips these words if they come next. */
  take(...words: string[]): boolean {
    const start = this.#at
    for (const word of words) {
      if (!this.is(word)) {
        this.#at = start
        return false
      }
      this.#at++
    }
    return true
  }

  expect(text: string): void {
    if (!this.take(text)) this.fail(`expected ${text}`)
  }

  next(): Token {
    const token = this.#tokens[this.#at++]
    return token ?? this.fail('it ends too early')
  }

  /** A name, quoted or not. */
  name(): string {
    const token = this.next()
    if (token.kind === 'mark' || token.kind === 'number' || token.kind === 'blob') {
      this.fail(`expected a name, got ${token.text}`)
    }
    return token.text
  }

  /** Skips a group in parentheses, the opening one being next. */
  skipGroup(): void {
    this.expect('(')
    for (let depth = 1; depth > 0;) {
      const token = this.next()
      if (token.kind !== 'mark') continue
      if (token.text === '(') depth++
      else if (token.text === ')') depth--
    }
  }

  fail(what: string): never {
    const near = this.#tokens
      .slice(Math.max(0, this.#at - 2), this.#at + 2)
      .map(({ text }) => text)
      .join(' ')
    throw unsupported(`${this.#where}: its SQL cannot be read, ${what} near "${near}"`)
  }
}
