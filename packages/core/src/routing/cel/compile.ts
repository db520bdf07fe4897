import type { Expr } from './parse/ast.js'
import type { Budget } from './run/budget.js'
import { CelFailure, noOverload } from './cel-failure.js'
import type { Meaning } from './check/check.js'
import { fieldIn, fieldOf, BINARY, matcher, requireBool, UNARY } from './run/functions.js'
import type { Patterns } from './run/patterns.js'
import { CelMap, CelTypeName, isList, type Value } from './run/values.js'

/** The state of one evaluation. */
export interface Frame {
  readonly budget: Budget
  /** Values of the variables of macros, by level. */
  readonly variables: Value[]
  /**
   * Returns the value of a column; it is converted at first use, so that unused columns may be
   * missing.
   */
  column(index: number): Value
}

export type Run = (frame: Frame) => Value

/**
 * Compiles a checked expression into functions that evaluate it.
 *
 * `||` reads a column only if it needs it; an error on one side counts only if the other side does
 * not decide.
 */
export function compileCel(
  expr: Expr,
  meanings: ReadonlyMap<Expr, Meaning>,
  patterns: Patterns | undefined,
): Run {
  return compile(expr)

  function compile(node: Expr): Run {
    const meaning = meanings.get(node)
    if (meaning !== undefined && meaning.kind !== 'fold') return named(meaning)
    switch (node.kind) {
      case 'literal': {
        const { value } = node
        return () => value
      }
      case 'select': {
        const operand = compile(node.operand)
        return (frame) => fieldOf(operand(frame), node.field)
      }
      case 'has': {
        const operand = compile(node.operand)
        return (frame) => fieldIn(operand(frame), node.field) !== undefined
      }
      case 'call':
        return call(node.name, node.args)
      case 'and':
        return decided(node.terms.map(compile), false)
      case 'or':
        return decided(node.terms.map(compile), true)
      case 'if': {
        const [test, yes, no] = [node.test, node.yes, node.no].map(compile) as [Run, Run, Run]
        return (frame) => (requireBool(test(frame), '? :') ? yes(frame) : no(frame))
      }
      case 'list': {
        const items = node.items.map(compile)
        return (frame) => {
          frame.budget.make(items.length * 8)
          return items.map((item) => item(frame))
        }
      }
      case 'map': {
        const entries = node.entries.map(([key, value]) => [compile(key), compile(value)] as const)
        return (frame) => {
          frame.budget.make(entries.length * 64)
          // The reference evaluates all entries before it looks for equal keys.
          const evaluated = entries.map(([key, value]) => [key(frame), value(frame)] as const)
          const map = new CelMap()
          for (const [key, value] of evaluated) map.add(key, value)
          return map
        }
      }
      case 'fold':
        return fold(node, meaning!.level)
      default:
        throw new Error(`no meaning was found for ${node.kind}`)
    }
  }

  function call(name: string, args: readonly Expr[]): Run {
    const [first, second] = args.map(compile) as [Run, Run | undefined]
    if (second === undefined) {
      const unary = UNARY.get(name)!
      return (frame) => unary(first(frame), frame.budget)
    }
    const binary = name === 'matches' ? matcher(patterns!) : BINARY.get(name)!
    return (frame) => binary(first(frame), second(frame), frame.budget)
  }

  function fold(node: Extract<Expr, { kind: 'fold' }>, level: number): Run {
    const range = compile(node.range)
    const filter = node.filter && compile(node.filter)
    const body = compile(node.body)
    const nodes = node.body.size + (node.filter?.size ?? 0)
    const name = `${node.fold}()`
    const over = (frame: Frame): readonly Value[] => itemsOf(range(frame))
    const turn = (frame: Frame, item: Value): Value => {
      frame.budget.turn(nodes)
      frame.variables[level] = item
      return body(frame)
    }
    const passes = (frame: Frame, item: Value): boolean => {
      frame.budget.turn(nodes)
      frame.variables[level] = item
      return requireBool((filter ?? body)(frame), name)
    }
    switch (node.fold) {
      case 'all':
      case 'exists':
        return (frame) => {
          const deciding = node.fold === 'exists'
          let failure: CelFailure | undefined
          for (const item of over(frame)) {
            try {
              if (requireBool(turn(frame, item), name) === deciding) return deciding
            } catch (error) {
              if (!(error instanceof CelFailure)) throw error
              failure ??= error
            }
          }
          if (failure !== undefined) throw failure
          return !deciding
        }
      case 'exists_one':
        return (frame) => {
          let found = 0
          for (const item of over(frame)) if (passes(frame, item)) found++
          return found === 1
        }
      case 'filter':
        return (frame) => {
          const kept = over(frame).filter((item) => passes(frame, item))
          frame.budget.make(kept.length * 8)
          return kept
        }
      case 'map':
        return (frame) => {
          const made: Value[] = []
          for (const item of over(frame)) {
            if (filter === undefined) made.push(turn(frame, item))
            else if (passes(frame, item)) made.push(body(frame))
          }
          frame.budget.make(made.length * 8)
          return made
        }
    }
  }
}

function named(meaning: Exclude<Meaning, { kind: 'fold' }>): Run {
  if (meaning.kind === 'column') {
    const { index } = meaning
    return (frame) => frame.column(index)
  }
  if (meaning.kind === 'variable') {
    const { level } = meaning
    return (frame) => frame.variables[level]!
  }
  const { name } = meaning
  if (name === 'dyn') {
    return () => {
      throw new CelFailure('dyn is not a value; dyn(x) is')
    }
  }
  const type = new CelTypeName(name)
  return () => type
}

/** `||` (`deciding` true) or `&&`: the first term that decides counts, even if others fail. */
function decided(terms: readonly Run[], deciding: boolean): Run {
  const name = deciding ? '||' : '&&'
  return (frame) => {
    let failure: CelFailure | undefined
    for (const term of terms) {
      try {
        const value = term(frame)
        if (value === deciding) return deciding
        if (typeof value !== 'boolean') failure ??= noOverload(name)
      } catch (error) {
        if (!(error instanceof CelFailure)) throw error
        failure ??= error
      }
    }
    if (failure !== undefined) throw failure
    return !deciding
  }
}

function itemsOf(range: Value): readonly Value[] {
  if (isList(range)) return range
  if (range instanceof CelMap) return range.keys()
  throw noOverload('a macro')
}
