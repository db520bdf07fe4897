import type { CelEnv, parse } from '@bufbuild/cel'

type Expr = ReturnType<typeof parse>['expr']
type Unknown = { readonly kind: 'variable' | 'function'; readonly name: string }

// Names CEL itself gives a meaning: types, and the package its well-known types live in.
const BUILT_IN = new Set([
  'int',
  'uint',
  'double',
  'bool',
  'string',
  'bytes',
  'list',
  'map',
  'null_type',
  'type',
  'google',
])

// Operators the evaluator handles itself, so that they are not among its functions.
const OPERATORS = new Set([
  '_[_]',
  '_?_:_',
  '_&&_',
  '_||_',
  '@not_strictly_false',
  '__not_strictly_false__',
])

/**
 * The first name in an expression that is no declared variable or known function.
 *
 * The library resolves names only when it meets them during an evaluation; a snapshot must not be
 * written with an expression that fails on the first unusual row.
 */
export function findUnknownName(
  expr: Expr,
  variables: ReadonlySet<string>,
  funcs: CelEnv['funcs'],
): Unknown | undefined {
  return visit(expr, variables)

  function visit(node: Expr | undefined, scope: ReadonlySet<string>): Unknown | undefined {
    const kind = node?.exprKind
    switch (kind?.case) {
      case 'identExpr': {
        const { name } = kind.value
        return scope.has(name) || BUILT_IN.has(name) ? undefined : { kind: 'variable', name }
      }
      case 'selectExpr':
        return visit(kind.value.operand, scope)
      case 'callExpr': {
        const { function: name, target, args } = kind.value
        if (!OPERATORS.has(name) && funcs.find(name) === undefined)
          return { kind: 'function', name }
        return visit(target, scope) ?? first(args, scope)
      }
      case 'listExpr':
        return first(kind.value.elements, scope)
      case 'structExpr':
        return first(
          kind.value.entries.flatMap(({ keyKind, value }) =>
            keyKind.case === 'mapKey' ? [keyKind.value, value] : [value],
          ),
          scope,
        )
      case 'comprehensionExpr': {
        const { iterVar, iterVar2, iterRange, accuVar, accuInit } = kind.value
        const { loopCondition, loopStep, result } = kind.value
        const inner = new Set([...scope, iterVar, iterVar2, accuVar])
        return (
          first([iterRange, accuInit], scope) ?? first([loopCondition, loopStep, result], inner)
        )
      }
      default:
        return undefined
    }
  }

  function first(
    nodes: readonly (Expr | undefined)[],
    scope: ReadonlySet<string>,
  ): Unknown | undefined {
    for (const node of nodes) {
      const unknown = visit(node, scope)
      if (unknown !== undefined) return unknown
    }
    return undefined
  }
}
