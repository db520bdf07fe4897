import type { Origin, ShardEngine, VectorMetric } from '@shardyfusion/core/extend'
import { invalidOption, parseOptions } from '@shardyfusion/core/internal-vector'
import { DATASET } from './dataset-error.js'
import { LanceReader } from './lance-reader.js'
import { LanceWriter } from './lance-writer.js'
import { type LanceDbOptions, lanceDbSchema } from './lancedb-options.js'
import { withoutKeys } from './without-keys.js'

const METRICS: readonly VectorMetric[] = ['cosine', 'l2', 'dot_product']

/** How `custom.vector` names the indexes. */
const INDEX_FIELDS = {
  flat: { index_type: 'ivf_flat', quantization: null },
  hnsw: { index_type: 'hnsw', quantization: 'fp16' },
  none: { index_type: 'none', quantization: null },
} as const

/**
 * The engine of vectors without keys in LanceDB tables, as the Python project stores them by default.
 *
 * It is for `writeVectors` and `VectorReader` of `@shardyfusion/vector`; `composite(kv, lancedb())` adds keys. Metrics:
 * cosine, L2 squared, and 1 - dot product, as LanceDB has them. Errors: SHARD_INVALID_OPTION for bad options; SHARD_ENGINE
 * where LanceDB does not load, which it does at first use.
 *
 * @example
 * await writeVectors(documents, { prefix, dimensions: 384, sharding: { clusters: 16 }, engine: lancedb() })
 */
export function lancedb(options: LanceDbOptions = {}): ShardEngine {
  const settings = parseOptions(lanceDbSchema, options, 'lancedb')
  const origin: Origin = {
    module: new URL('./index.js', import.meta.url).href,
    export: 'lancedb',
    options: settings,
  }
  return {
    name: 'lancedb',
    format: 'lancedb',
    origin,
    supports: { io: 'objects', keys: false, search: METRICS },
    maxOpenReaders: 64,
    manifestFields: (vectors, unified) => {
      if (vectors === undefined) return {}
      if (unified) throw withoutKeys()
      const { dimensions: dim, metric } = vectors
      return { vector: { dim, metric, ...INDEX_FIELDS[settings.index] } }
    },
    recognizes: async ({ url, objects, signal }) => {
      const found = await objects.listPrefixes(`${url}/${DATASET}`, { signal })
      return found.some((at) => at.endsWith('/_versions'))
    },
    openWriter: async (o) => {
      o.signal?.throwIfAborted()
      requireObjects(o)
      if (o.vectors === undefined) throw withoutKeys()
      return LanceWriter.open(o, o.vectors, settings)
    },
    openReader: async (o) => {
      o.signal?.throwIfAborted()
      requireObjects(o)
      return LanceReader.open(o, settings)
    },
  }
}

function requireObjects({ objects, url }: { objects?: unknown; url: string }): void {
  if (objects !== undefined) return
  throw invalidOption(
    'lancedb',
    `needs a store for ${url}, got none; open it through a reader or writer`,
  )
}
