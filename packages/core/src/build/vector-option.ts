import * as v from 'valibot'
import type { ShardEngine } from '../engine/engine.js'
import type { VectorMetric } from '../engine/vector-engine.js'
import type { ShardyfusionError } from '../errors.js'
import { invalidOption } from '../errors/error-factories.js'
import { describeValue } from '../options/describe-value.js'
import { integer } from '../options/scalars.js'

/** The vectors of a snapshot whose rows also have keys. */
export interface VectorOption {
  /** Number of values of each vector. */
  dimensions: number
  /** Distance that searches use; `'cosine'` by default. */
  metric?: VectorMetric | undefined
}

const METRICS = ['cosine', 'l2', 'dot_product'] as const

export const vectorSchema = v.optional(
  v.strictObject({
    dimensions: integer(1, 'values', 65536),
    metric: v.optional(v.picklist(METRICS, `must be ${METRICS.join(', ')}`), 'cosine'),
  }),
)

/** Refuses an engine that cannot store the vectors. Errors: SHARD_INVALID_OPTION. */
export function requireVectorEngine(
  engine: ShardEngine,
  { metric }: { readonly metric: VectorMetric },
  where: string,
): void {
  const metrics = engine.supports.search
  if (metrics?.includes(metric) === true) return
  throw invalidOption(
    where,
    metrics === undefined
      ? `engine "${engine.name}" does not store vectors; pass engine: sqliteVec() of @shardyfusion/vector, or omit vector`
      : `engine "${engine.name}" searches by ${metrics.join(' and ')}, got the metric ${describeValue(metric)}; choose one of these`,
    { details: { engine: engine.name, metric } },
  )
}

/** The error for a vector that a writer did not expect. */
export function unexpectedVector(where: string): ShardyfusionError {
  return invalidOption(
    where,
    'got a vector, but the writer was opened without the option vector; open it with vector: { dimensions, metric }',
  )
}
