import type { VectorSettings } from '../engine/vector-engine.js'
import type { ShardyfusionError } from '../errors.js'
import { manifestError } from '../errors/error-factories.js'
import { describeValue } from '../options/describe-value.js'
import { isObject, type JsonValue } from '../text/lossless-json.js'
import type { Manifest } from './manifest/manifest.js'

/** The vectors of a snapshot, as `custom.vector` describes them (wire-format §15). */
export interface VectorFields extends VectorSettings {
  readonly indexType: string
  /** How vectors are compressed, if so. */
  readonly quantization: string | undefined
  /** True if the rows of the snapshot have keys as well, which decide their shards. */
  readonly unified: boolean
  /** The format of vectors in shards; `undefined` if not recorded. */
  readonly backend: string | undefined
  /** The field as it is stored. */
  readonly fields: Readonly<Record<string, JsonValue>>
}

const METRICS: ReadonlySet<unknown> = new Set(['cosine', 'l2', 'dot_product'])
const BACKENDS: ReadonlySet<unknown> = new Set(['sqlite-vec', 'lancedb'])

/**
 * Reads `custom.vector`; `undefined` if the snapshot has no vectors.
 *
 * Errors: SHARD_MANIFEST for an unknown metric or backend, and dimensions that are not a number.
 */
export function vectorFields({ custom, runId }: Manifest, where: string): VectorFields | undefined {
  const fields = custom['vector'] as JsonValue | undefined
  if (fields === undefined || fields === null || !isObject(fields)) return undefined
  const refuse = (name: string, wanted: string): ShardyfusionError =>
    manifestError(
      where,
      `custom.vector.${name} of run ${describeValue(runId)} must be ${wanted}, got ${describeValue(fields[name])}`,
      { peer: 'ConfigValidationError', details: { field: name } },
    )
  const unified = Boolean(fields['unified'])
  const { dim, metric = unified ? undefined : 'cosine', backend, index_type, quantization } = fields
  const dimensions = Number(dim)
  if (!(Number.isInteger(dimensions) && dimensions > 0))
    throw refuse('dim', 'a whole number above 0')
  if (!METRICS.has(metric)) throw refuse('metric', "'cosine', 'l2' or 'dot_product'")
  if (backend !== undefined && !BACKENDS.has(backend))
    throw refuse('backend', "'sqlite-vec' or 'lancedb'")
  return {
    dimensions,
    metric: metric as VectorFields['metric'],
    indexType: typeof index_type === 'string' ? index_type : 'hnsw',
    quantization: typeof quantization === 'string' ? quantization : undefined,
    unified,
    backend: typeof backend === 'string' ? backend : undefined,
    fields,
  }
}
