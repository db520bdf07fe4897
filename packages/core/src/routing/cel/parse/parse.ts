// Long because a recursive-descent parser has one function per rule of one grammar.

import type { Expr, Fold, Literal, Node } from './ast.js'
import { CelSyntaxError } from '../cel-failure.js'
import { integerOf, type Token, tokenize } from './tokens.js'

/** Limits of the reference, which could not open a snapshot beyond them. */
const MAX_CODE_POINTS = 100_000
const MAX_DEPTH = 32

const RESERVED = new Set(
  'as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
)
const RELATIONS = new Set(['<', '<=', '>=', '>', '==', '!='])
const FOLDS = new Set(['all', 'exists', 'exists_one', 'map', 'filter'])
const MIN_INT64 = 2n ** 63n

/**
 * Parses an expression to its tree, with macros expanded.
 *
 * Errors: CelSyntaxError, also for more than 100,000 characters or 32 levels of nesting, which
 * bounds the recursion, too. Source: the CEL grammar of cel-cpp.
 */
export function parseCel(source: string): Expr {
  let codePoints = source.length
  if (codePoints > MAX_CODE_POINTS) codePoints = codePointsOf(source)
  if (codePoints > MAX_CODE_POINTS) {
    throw new CelSyntaxError(
      0,
      `an expression may have ${MAX_CODE_POINTS} characters, got ${codePoints}`,
    )
  }
  return new Parser(tokenize(source)).start()
}

function codePointsOf(text: string): number {
  let count = 0
  for (const _ of text) count++
  return count
}

class Parser {
  readonly #tokens: readonly Token[]
  #next = 0
  #depth = -1

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  start(): Expr {
    const expr = this.#expr()
    if (this.#peek().kind !== 'end') throw this.#unexpected('the end')
    return expr
  }

  #expr(): Expr {
    if (++this.#depth > MAX_DEPTH) throw tooDeep(this.#peek().at)
    const test = this.#either('||')
    const mark = this.#take('?')
    if (mark === undefined) {
      this.#depth--
      return test
    }
    const yes = this.#either('||')
    this.#expect(':')
    const no = this.#expr()
    this.#depth--
    return node({ kind: 'if', test, yes, no }, mark.at, [test, yes, no])
  }

  #either(symbol: '||' | '&&'): Expr {
    const term = (): Expr => (symbol === '||' ? this.#either('&&') : this.#relation())
    const first = term()
    const mark = this.#peek()
    if (this.#take(symbol) === undefined) return first
    const terms = [first, term()]
    while (this.#take(symbol) !== undefined) terms.push(term())
    return node({ kind: symbol === '||' ? 'or' : 'and', terms }, mark.at, terms)
  }

  #relation(): Expr {
    let left = this.#sum()
    for (;;) {
      const { kind, text, at } = this.#peek()
      const known = kind === 'symbol' ? RELATIONS.has(text) : kind === 'identifier' && text === 'in'
      if (!known) return left
      this.#next++
      left = call(text === 'in' ? '@in' : `_${text}_`, at, [left, this.#sum()])
    }
  }

  #sum(): Expr {
    let left = this.#product()
    for (;;) {
      const mark = this.#take('+') ?? this.#take('-')
      if (mark === undefined) return left
      left = call(`_${mark.text}_`, mark.at, [left, this.#product()])
    }
  }

  #product(): Expr {
    let left = this.#unary()
    for (;;) {
      const mark = this.#take('*') ?? this.#take('/') ?? this.#take('%')
      if (mark === undefined) return left
      left = call(`_${mark.text}_`, mark.at, [left, this.#unary()])
    }
  }

  #unary(): Expr {
    const first = this.#peek()
    const symbol =
      first.kind === 'symbol' && (first.text === '!' || first.text === '-') ? first.text : undefined
    if (symbol === undefined) return this.#member(false)
    this.#next++
    let count = 1
    while (this.#take(symbol) !== undefined) count++
    const { kind, value } = { value: undefined, ...this.#peek() }
    // One sign belongs to the number after it; the smallest int is written that way.
    const signed = symbol === '-' && count === 1 && (kind === 'int' || typeof value === 'number')
    const operand = this.#member(signed)
    if (signed) return operand
    if (count % 2 === 1) return call(symbol === '!' ? '!_' : '-_', first.at, [operand])
    return node(operand, operand.at, [operand])
  }

  #member(negative: boolean): Expr {
    let expr = this.#primary(negative)
    for (;;) {
      const mark = this.#take('.') ?? this.#take('[') ?? this.#take('{')
      if (mark === undefined) return expr
      if (mark.text === '{')
        throw new CelSyntaxError(mark.at, 'messages cannot be made here; only maps, as in {"a": 1}')
      if (mark.text === '[') {
        const index = this.#expr()
        this.#expect(']')
        expr = call('_[_]', mark.at, [expr, index])
        continue
      }
      const name = this.#peek()
      if (name.kind === 'quoted') {
        this.#next++
        expr = node({ kind: 'select', operand: expr, field: name.text.slice(1, -1) }, mark.at, [
          expr,
        ])
        continue
      }
      const field = this.#identifier()
      if (this.#take('(') === undefined) {
        expr = node({ kind: 'select', operand: expr, field }, mark.at, [expr])
      } else expr = memberCall(field, name.at, expr, this.#list(')', false))
    }
  }

  #primary(negative: boolean): Expr {
    const token = this.#peek()
    const { at } = token
    if (token.kind === 'int') return this.#int(token.text, at, negative)
    this.#next++
    if (token.kind === 'value') {
      const { value } = token
      return literal(negative && typeof value === 'number' ? -value : value, at)
    }
    if (token.kind === 'identifier') return this.#named(token.text, at, false)
    if (token.kind === 'symbol') {
      if (token.text === '(') {
        const expr = this.#expr()
        this.#expect(')')
        return expr
      }
      if (token.text === '[') {
        const items = this.#list(']', true)
        return node({ kind: 'list', items }, at, items)
      }
      if (token.text === '{') return this.#map(at)
      if (token.text === '.') return this.#named(this.#identifier(), at, true)
    }
    this.#next--
    throw this.#unexpected('a value')
  }

  #named(name: string, at: number, absolute: boolean): Expr {
    if (!absolute && (name === 'true' || name === 'false')) return literal(name === 'true', at)
    if (!absolute && name === 'null') return literal(null, at)
    if (name === 'in') throw new CelSyntaxError(at, 'a value was expected, got in')
    if (RESERVED.has(name)) throw new CelSyntaxError(at, `${name} is reserved`)
    if (this.#take('(') === undefined) return node({ kind: 'ident', name, absolute }, at, [])
    const args = this.#list(')', false)
    const [argument] = args
    if (name !== 'has' || absolute || args.length !== 1) return call(name, at, args)
    if (argument!.kind !== 'select')
      throw new CelSyntaxError(at, 'has() takes a field, as in has(a.b)')
    return node({ ...argument!, kind: 'has' }, at, [argument!])
  }

  #int(text: string, at: number, negative: boolean): Expr {
    this.#next++
    const value = integerOf(text)
    if (value > MIN_INT64 || (value === MIN_INT64 && !negative)) {
      throw new CelSyntaxError(
        at,
        'an int must be in -2^63 to 2^63-1; a larger one needs a u, as in 9223372036854775808u',
      )
    }
    return literal(negative ? -value : value, at)
  }

  #list(close: ')' | ']', trailingComma: boolean): Expr[] {
    const items: Expr[] = []
    if (this.#take(close) !== undefined) return items
    if (trailingComma && this.#take(',') !== undefined) {
      this.#expect(close)
      return items
    }
    for (;;) {
      items.push(this.#expr())
      if (this.#take(',') === undefined) break
      if (trailingComma && this.#take(close) !== undefined) return items
    }
    this.#expect(close)
    return items
  }

  #map(at: number): Expr {
    const entries: [Expr, Expr][] = []
    const made = (): Expr => node({ kind: 'map', entries }, at, entries.flat())
    if (this.#take('}') !== undefined) return made()
    if (this.#take(',') !== undefined) {
      this.#expect('}')
      return made()
    }
    for (;;) {
      const key = this.#expr()
      this.#expect(':')
      entries.push([key, this.#expr()])
      if (this.#take(',') === undefined) break
      if (this.#take('}') !== undefined) return made()
    }
    this.#expect('}')
    return made()
  }

  #identifier(): string {
    const { kind, text } = this.#peek()
    if (
      kind !== 'identifier' ||
      text === 'in' ||
      text === 'true' ||
      text === 'false' ||
      text === 'null'
    ) {
      throw this.#unexpected('a name')
    }
    this.#next++
    return text
  }

  #peek(): Token {
    return this.#tokens[this.#next]!
  }

  #take(symbol: string): Token | undefined {
    const token = this.#peek()
    if (token.kind !== 'symbol' || token.text !== symbol) return undefined
    this.#next++
    return token
  }

  #expect(symbol: string): void {
    if (this.#take(symbol) === undefined) throw this.#unexpected(symbol)
  }

  #unexpected(expected: string): CelSyntaxError {
    const { kind, text, at } = this.#peek()
    const got = kind === 'end' ? 'the end' : text.length > 40 ? `${text.slice(0, 40)}…` : text
    return new CelSyntaxError(at, `${expected} was expected, got ${got}`)
  }
}

function memberCall(name: string, at: number, target: Expr, args: readonly Expr[]): Expr {
  const three = args.length === 3 && name === 'map'
  if (!FOLDS.has(name) || (args.length !== 2 && !three))
    return call(name, at, [target, ...args], true)
  const [variable] = args
  if (variable!.kind !== 'ident' || variable!.absolute || variable!.name === '__result__') {
    throw new CelSyntaxError(
      variable!.at,
      `${name}() takes a simple name first, as in ${name}(x, …)`,
    )
  }
  const filter = three ? args[1] : undefined
  const fold: Node = {
    kind: 'fold',
    fold: name as Fold,
    range: target,
    variable: variable!.name,
    filter,
    body: args.at(-1)!,
  }
  return node(fold, at, [target, ...args])
}

function call(name: string, at: number, args: readonly Expr[], member = false): Expr {
  return node({ kind: 'call', name, member, args }, at, args)
}

function literal(value: Literal, at: number): Expr {
  return { kind: 'literal', value, at, height: 1, size: 1 }
}

function node(made: Node, at: number, children: readonly Expr[]): Expr {
  let height = 0
  let size = 1
  for (const child of children) {
    height = Math.max(height, child.height)
    size += child.size
  }
  if (height >= MAX_DEPTH) throw tooDeep(at)
  return { ...made, at, height: height + 1, size }
}

function tooDeep(at: number): CelSyntaxError {
  return new CelSyntaxError(
    at,
    `an expression may be nested ${MAX_DEPTH} levels deep; longer sums and chains count, too`,
  )
}
