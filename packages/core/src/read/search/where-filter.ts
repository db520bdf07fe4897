import type { VectorCandidate } from '../../engine/vector-engine.js'
import { describeValue } from '../../options/describe-value.js'
import { invalidOption } from '../../errors/error-factories.js'
import { CelFilter } from '../../routing/cel/cel-filter.js'
import type { SearchFilter } from './search-options.js'

/** Makes the function of a `where` option. Errors: SHARD_INVALID_OPTION for an expression that does not compile. */
export async function whereFilter(
  filter: SearchFilter,
  where: string,
): Promise<(candidate: VectorCandidate) => boolean> {
  if (typeof filter === 'function') {
    return (candidate) => {
      const kept: unknown = filter(candidate)
      if (typeof kept === 'boolean') return kept
      throw invalidOption(where, `where must return true or false, got ${describeValue(kept)}`)
    }
  }
  const expression = await CelFilter.compile(filter, ['id', 'payload'], where)
  return ({ id, payload }) => expression.holds({ id, payload: payload ?? {} })
}
