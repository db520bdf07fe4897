import type { CelUint } from '../run/values.js'

export type Fold = 'all' | 'exists' | 'exists_one' | 'map' | 'filter'

/** The kinds of nodes; macros are expanded to `has` and `fold`. */
export type Node =
  | { readonly kind: 'literal'; readonly value: Literal }
  /** `absolute`: written with a leading dot, so that no variable of a macro hides the name. */
  | { readonly kind: 'ident'; readonly name: string; readonly absolute: boolean }
  | { readonly kind: 'select' | 'has'; readonly operand: Expr; readonly field: string }
  /** A member call has its target as first argument. */
  | {
      readonly kind: 'call'
      readonly name: string
      readonly member: boolean
      readonly args: readonly Expr[]
    }
  | { readonly kind: 'and' | 'or'; readonly terms: readonly Expr[] }
  | { readonly kind: 'if'; readonly test: Expr; readonly yes: Expr; readonly no: Expr }
  | { readonly kind: 'list'; readonly items: readonly Expr[] }
  | { readonly kind: 'map'; readonly entries: readonly (readonly [key: Expr, value: Expr])[] }
  | {
      readonly kind: 'fold'
      readonly fold: Fold
      readonly range: Expr
      readonly variable: string
      /** The condition of `map` with three arguments. */
      readonly filter: Expr | undefined
      readonly body: Expr
    }

export type Literal = bigint | number | string | boolean | null | Uint8Array | CelUint

/**
 * `at`: position in the source. `height`: levels of nesting, counted as in the reference. `size`:
 * number of nodes.
 */
export type Expr = Node & { readonly at: number; readonly height: number; readonly size: number }
