// Long because a checker has one function per kind of expression, all on one scope.

import type { CelType } from '../../../types.js'
import type { Expr } from '../parse/ast.js'
import { CelSyntaxError } from '../cel-failure.js'
import { literalType, MESSAGE_NAMES, type Overload, OVERLOADS, TYPE_NAMES } from './overloads.js'
import {
  assignable,
  Binding,
  BOOL,
  BYTES,
  describeType,
  DOUBLE,
  DYN,
  INT,
  known,
  listOf,
  mapOf,
  STRING,
  TYPE,
  type TypeTerm,
  UINT,
} from './type-terms.js'

/**
 * The meaning of a name: a column by its position, a variable of a macro by its level, or a type.
 */
export type Meaning =
  | { readonly kind: 'column'; readonly index: number }
  | { readonly kind: 'variable'; readonly level: number }
  | { readonly kind: 'type'; readonly name: string }
  /** For a macro: the level of its variable. */
  | { readonly kind: 'fold'; readonly level: number }

/** Types of columns; `dyn` is any, for filters of JSON data. */
export type ColumnType = CelType | 'dyn'

const COLUMN_TYPES: Readonly<Record<ColumnType, TypeTerm>> = {
  int: INT,
  uint: UINT,
  string: STRING,
  bytes: BYTES,
  double: DOUBLE,
  bool: BOOL,
  dyn: DYN,
}

interface Scope {
  readonly name: string
  readonly type: TypeTerm
  readonly outer: Scope | undefined
  readonly level: number
}

/**
 * Checks the types of an expression and resolves its names, by node.
 *
 * Errors: CelSyntaxError for everything the reference refuses when it compiles: unknown names, and
 * operators or functions applied to types they do not accept.
 */
export function checkCel(
  expr: Expr,
  columns: readonly (readonly [name: string, type: ColumnType])[],
): ReadonlyMap<Expr, Meaning> {
  const checker = new Checker(columns)
  checker.visit(expr, undefined)
  return checker.meanings
}

class Checker {
  readonly meanings = new Map<Expr, Meaning>()
  readonly #columns: ReadonlyMap<string, { readonly index: number; readonly type: TypeTerm }>
  readonly #binding = new Binding()
  #params = 0

  constructor(columns: readonly (readonly [string, ColumnType])[]) {
    this.#columns = new Map(
      columns.map(([name, type], index) => [name, { index, type: COLUMN_TYPES[type] }]),
    )
  }

  visit(expr: Expr, scope: Scope | undefined): TypeTerm {
    switch (expr.kind) {
      case 'literal':
        return literalType(expr.value)
      case 'ident':
        return (
          this.#ident(expr, expr.name, expr.absolute ? undefined : scope) ??
          this.#unknown(expr, expr.name)
        )
      case 'select':
      case 'has':
        return this.#select(expr, scope)
      case 'call':
        return this.#call(expr.at, expr.name, expr.member, expr.args, scope)
      case 'and':
      case 'or':
        for (const term of expr.terms) {
          this.#require(BOOL, this.visit(term, scope), term.at, expr.kind === 'and' ? '&&' : '||')
        }
        return BOOL
      case 'if':
        return this.#if(expr, scope)
      case 'list':
        return listOf(this.#joined(expr.items, scope, DYN))
      case 'map': {
        const keys = this.#joined(
          expr.entries.map(([key]) => key),
          scope,
          undefined,
        )
        return mapOf(
          keys,
          this.#joined(
            expr.entries.map(([, value]) => value),
            scope,
            undefined,
          ),
        )
      }
      case 'fold':
        return this.#fold(expr, scope)
    }
  }

  #ident(expr: Expr, name: string, scope: Scope | undefined): TypeTerm | undefined {
    for (let inner = scope; inner !== undefined; inner = inner.outer) {
      if (inner.name !== name) continue
      this.meanings.set(expr, { kind: 'variable', level: inner.level })
      return inner.type
    }
    const column = this.#columns.get(name)
    if (column !== undefined) {
      this.meanings.set(expr, { kind: 'column', index: column.index })
      return column.type
    }
    if (!TYPE_NAMES.has(name) && !MESSAGE_NAMES.has(name)) return undefined
    this.meanings.set(expr, { kind: 'type', name })
    return TYPE
  }

  #select(expr: Extract<Expr, { kind: 'select' | 'has' }>, scope: Scope | undefined): TypeTerm {
    const name = expr.kind === 'select' ? qualifiedName(expr, scope) : undefined
    const whole = name === undefined ? undefined : this.#ident(expr, name, undefined)
    if (whole !== undefined) return whole
    if (name !== undefined && !this.#begins(expr.operand, scope)) return this.#unknown(expr, name)
    const visited = this.visit(expr.operand, scope)
    // The reference keeps the type of a macro's variable: one that was open then has any field.
    const operand = expr.operand.kind === 'ident' ? visited : known(visited, this.#binding)
    if (expr.kind === 'has' && (operand.kind === 'map' || isOpen(operand))) return BOOL
    if (operand.kind === 'map') return operand.value
    if (isOpen(operand)) return DYN
    throw new CelSyntaxError(
      expr.at,
      `${this.#describe(operand)} has no fields, such as ${expr.field}; only a map has`,
    )
  }

  /** Returns true if a prefix of a dotted name is known. */
  #begins(expr: Expr, scope: Scope | undefined): boolean {
    const name = qualifiedName(expr, scope)
    if (name === undefined || this.#columns.has(name) || TYPE_NAMES.has(name)) return true
    return expr.kind === 'select' && this.#begins(expr.operand, scope)
  }

  #if({ at, test, yes, no }: Extract<Expr, { kind: 'if' }>, scope: Scope | undefined): TypeTerm {
    this.#require(BOOL, this.visit(test, scope), test.at, '?')
    const result = this.#newParam()
    const types = [yes, no].map((branch) => this.visit(branch, scope))
    if (types.every((type) => assignable(result, type, this.#binding))) return result
    throw new CelSyntaxError(
      at,
      `both results of ? : must have one type, got ${types.map((type) => this.#describe(type)).join(' and ')}`,
    )
  }

  /** Returns the common type of several values, dyn if they differ. */
  #joined(
    items: readonly Expr[],
    scope: Scope | undefined,
    withDyn: TypeTerm | undefined,
  ): TypeTerm {
    let joined: TypeTerm = this.#newParam()
    for (const item of items) {
      const type = known(this.visit(item, scope), this.#binding)
      // In a list one dyn makes all dyn; in a map the reference keeps the type it saw first.
      if (type.kind === 'dyn' && withDyn !== undefined) joined = withDyn
      else if (
        type.kind === 'dyn' &&
        joined.kind === 'param' &&
        this.#binding.get(joined.id) !== undefined
      )
        continue
      else if (!assignable(joined, type, this.#binding)) joined = DYN
    }
    return joined
  }

  #fold(expr: Extract<Expr, { kind: 'fold' }>, scope: Scope | undefined): TypeTerm {
    const { fold, range, variable, filter, body, at } = expr
    const type = known(this.visit(range, scope), this.#binding)
    const item =
      type.kind === 'list'
        ? type.item
        : type.kind === 'map'
          ? type.key
          : // The item of an empty list has no type yet; cel-cpp refuses it as a range, unlike dyn.
            type.kind === 'dyn'
            ? DYN
            : undefined
    if (item === undefined) {
      throw new CelSyntaxError(
        at,
        `${fold}() goes over a list or a map, got ${this.#describe(type)}`,
      )
    }
    const level = (scope?.level ?? -1) + 1
    this.meanings.set(expr, { kind: 'fold', level })
    const inner: Scope = { name: variable, type: known(item, this.#binding), outer: scope, level }
    if (filter !== undefined) this.#require(BOOL, this.visit(filter, inner), filter.at, `${fold}()`)
    const result = this.visit(body, inner)
    if (fold === 'map') return listOf(result)
    this.#require(BOOL, result, body.at, `${fold}()`)
    return fold === 'filter' ? listOf(item) : BOOL
  }

  #call(
    at: number,
    name: string,
    member: boolean,
    args: readonly Expr[],
    scope: Scope | undefined,
  ): TypeTerm {
    // Operators cannot be written as calls: their names are not identifiers.
    const candidates = OVERLOADS.get(name)?.filter(
      (overload) => overload.member === member && overload.args.length === args.length,
    )
    const types = args.map((arg) => this.visit(arg, scope))
    if (candidates === undefined || candidates.length === 0) {
      const form = `${member ? 'value.' : ''}${name}()`
      const taking = `${args.length - (member ? 1 : 0)} arguments`
      throw new CelSyntaxError(
        at,
        `unknown function ${form}${OVERLOADS.has(name) ? ` with ${taking}` : ''}`,
      )
    }
    const result = this.#resolve(candidates, types)
    if (result !== undefined) return result
    const got = types.map((type) => this.#describe(type)).join(', ')
    const mixed = got === 'uint, int' || got === 'int, uint'
    throw new CelSyntaxError(
      at,
      `${operatorName(name)} does not take (${got})` +
        (mixed ? '; a uint is written with a u, as in 8u' : ''),
    )
  }

  #resolve(candidates: readonly Overload[], types: readonly TypeTerm[]): TypeTerm | undefined {
    let result: TypeTerm | undefined
    for (const { args, result: gives } of candidates) {
      const fresh = new Map<number, TypeTerm>()
      const mark = this.#binding.mark()
      const wanted = args.map((arg) => this.#renamed(arg, fresh))
      const matches = types.every((type, i) => assignable(wanted[i]!, type, this.#binding))
      if (!matches || result !== undefined) this.#binding.rollback(mark)
      if (!matches) continue
      if (result === undefined) result = this.#renamed(gives, fresh)
      else if (gives.kind === 'param' || known(result, this.#binding).kind !== gives.kind)
        return DYN
    }
    return result
  }

  #renamed(type: TypeTerm, fresh: Map<number, TypeTerm>): TypeTerm {
    if (type.kind === 'list') return listOf(this.#renamed(type.item, fresh))
    if (type.kind === 'map')
      return mapOf(this.#renamed(type.key, fresh), this.#renamed(type.value, fresh))
    if (type.kind !== 'param') return type
    let param = fresh.get(type.id)
    if (param === undefined) fresh.set(type.id, (param = this.#newParam()))
    return param
  }

  #newParam(): TypeTerm {
    return { kind: 'param', id: this.#params++ }
  }

  #require(wanted: TypeTerm, got: TypeTerm, at: number, where: string): void {
    if (assignable(wanted, got, this.#binding)) return
    throw new CelSyntaxError(
      at,
      `${where} takes ${this.#describe(wanted)}, got ${this.#describe(got)}`,
    )
  }

  #describe(type: TypeTerm): string {
    return describeType(type, this.#binding)
  }

  #unknown(expr: Expr, name: string): never {
    const names = [...this.#columns.keys()].join(', ')
    throw new CelSyntaxError(expr.at, `unknown variable "${name}"; the columns are ${names}`)
  }
}

/** Returns `a.b.c` as one name, unless `a` is a variable of a macro. */
function qualifiedName(expr: Expr, scope: Scope | undefined): string | undefined {
  if (expr.kind === 'select') {
    const operand = qualifiedName(expr.operand, scope)
    return operand === undefined ? undefined : `${operand}.${expr.field}`
  }
  if (expr.kind !== 'ident') return undefined
  for (let inner = expr.absolute ? undefined : scope; inner !== undefined; inner = inner.outer) {
    if (inner.name === expr.name) return undefined
  }
  return expr.name
}

function isOpen({ kind }: TypeTerm): boolean {
  return kind === 'dyn' || kind === 'param'
}

function operatorName(name: string): string {
  return name === '@in'
    ? 'in'
    : /^[\w]+$/.test(name) && !name.startsWith('_')
      ? `${name}()`
      : name.replaceAll('_', '')
}
