import type { Expr } from './parse/ast.js'
import { CelSyntaxError } from './cel-failure.js'
import { checkCel, type ColumnType } from './check/check.js'
import { compileCel, type Run } from './compile.js'
import { TYPE_NAMES } from './check/overloads.js'
import { parseCel } from './parse/parse.js'
import { Patterns } from './run/patterns.js'

/**
 * Parses, checks and compiles an expression over columns.
 *
 * Errors: CelSyntaxError for everything that the reference refuses before it evaluates.
 */
export async function compileProgram(
  source: string,
  columns: readonly (readonly [name: string, type: ColumnType])[],
): Promise<Run> {
  for (const [name] of columns) {
    if (TYPE_NAMES.has(name)) {
      throw new CelSyntaxError(
        0,
        `no column may be named ${name}, which is a name of CEL itself; rename it`,
      )
    }
  }
  const expr = parseCel(source)
  const meanings = checkCel(expr, columns)
  // Imported on demand: few expressions have patterns, and the library is larger than everything
  // else together.
  return compileCel(expr, meanings, usesPatterns(expr) ? await Patterns.open() : undefined)
}

function usesPatterns(expr: Expr): boolean {
  switch (expr.kind) {
    case 'call':
      return expr.name === 'matches' || expr.args.some(usesPatterns)
    case 'select':
    case 'has':
      return usesPatterns(expr.operand)
    case 'and':
    case 'or':
      return expr.terms.some(usesPatterns)
    case 'if':
      return [expr.test, expr.yes, expr.no].some(usesPatterns)
    case 'list':
      return expr.items.some(usesPatterns)
    case 'map':
      return expr.entries.some((entry) => entry.some(usesPatterns))
    case 'fold':
      return [expr.range, expr.filter, expr.body].some(
        (part) => part !== undefined && usesPatterns(part),
      )
    default:
      return false
  }
}
