import type { VectorCandidate } from '../../engine/vector-engine.js'
import { describeValue } from '../../options/describe-value.js'
import { invalidOption } from '../../errors/error-factories.js'
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
  // Imported on demand, as for routing: most readers need no expressions.
  const { CelFilter } = await import('../../routing/cel/cel-filter.js')
  const expression = await CelFilter.compile(filter, ['id', 'payload'], where)
  return ({ id, payload }) => expression.holds({ id, payload: payload ?? {} })
}
