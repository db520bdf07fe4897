import type { Key, RoutingContext, RoutingValue, ShardingSpec } from '../../types.js'
import { CelExpression } from './cel-expression.js'
import { categoricalShard, categoricalTable, directShard, type RoutingToken } from './cel-token.js'
import { routingError } from '../../errors/error-factories.js'
import { validateRoutingValues } from '../routing-values.js'
import { MAX_SHARDS } from '../max-shards.js'
import type { RouterOptions, ShardRouter } from '../shard-router.js'
import { isBytes } from '../../text/bytes.js'

type CelSpec = Extract<ShardingSpec, { strategy: 'cel' }>

const WHERE = 'route'

/**
 * Routes by the result of a CEL expression: a shard number (direct) or one of the routing values
 * (categorical).
 *
 * Source: wire-format §4.3.
 */
export class CelRouter implements ShardRouter {
  readonly spec: CelSpec
  readonly shards: number
  readonly #expression: CelExpression
  readonly #table: ReadonlyMap<RoutingValue, number> | undefined
  readonly #writing: boolean

  private constructor(
    spec: CelSpec,
    shards: number,
    expression: CelExpression,
    table: ReadonlyMap<RoutingValue, number> | undefined,
    writing: boolean,
  ) {
    this.spec = spec
    this.shards = shards
    this.#expression = expression
    this.#table = table
    this.#writing = writing
  }

  /** Errors: SHARD_ROUTING if the expression or the routing values are refused. */
  static async open(spec: CelSpec, shards: number, options: RouterOptions): Promise<CelRouter> {
    const expression = await CelExpression.compile(spec.celExpr, spec.celColumns, 'openRouter')
    const table =
      spec.routingValues === undefined
        ? undefined
        : categoricalTable(validateRoutingValues(spec.routingValues, 'openRouter'))
    return new CelRouter(spec, shards, expression, table, options.writing ?? false)
  }

  /** Returns the result of the expression, whichever shard it names. Errors: those of `route`. */
  token(key: Key, context?: RoutingContext): RoutingToken {
    return this.#expression.evaluate(key, context, WHERE)
  }

  route(key: Key, context?: RoutingContext): number {
    const token = this.#expression.evaluate(key, context, WHERE)
    if (this.#table === undefined) return this.#inRange(directShard(token, WHERE))
    if (this.#writing && isBytes(token)) {
      throw routingError(
        WHERE,
        'the CEL expression returned bytes, which cannot be published as a routing value; ' +
          'make it return a string',
        { peer: 'ConfigValidationError' },
      )
    }
    return this.#inRange(categoricalShard(this.#table, token, WHERE))
  }

  #inRange(shard: bigint | number): number {
    if (shard >= 0 && shard < this.shards) return Number(shard)
    // A table with few rows has few shards: the number is right, but no row of this table has it.
    if (!this.#writing && shard >= 0 && shard < MAX_SHARDS) {
      throw routingError(
        WHERE,
        `the CEL expression returned shard ${shard}, and this table has shards 0 to ${this.shards - 1}: no row has this key`,
        { peer: 'UnknownRoutingTokenError' },
      )
    }
    throw routingError(
      WHERE,
      `the CEL expression returned shard ${String(shard).slice(0, 30)}, ` +
        `but the ${this.shards} shards are numbered from 0`,
      { peer: 'ValueError' },
    )
  }
}
