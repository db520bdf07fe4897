import type {
  EngineOpenOptions,
  EngineReaderOptions,
  Origin,
  ShardEngine,
  ShardSeal,
} from '@shardyfusion/core/extend'
import { engineFromOrigin } from '@shardyfusion/core/extend'
import { describeValue, invalidOption } from '@shardyfusion/core/internal-vector'
import { openCompositeReader } from './composite-reader.js'
import { CompositeWriter } from './composite-writer.js'
import { VECTORS } from './vectors-folder.js'

const WHERE = 'composite'

const KEY_FORMATS = ['slatedb', 'sqlite']

/**
 * The engine of rows with keys and vectors: keys as `kv` stores them, vectors in LanceDB, as the Python project stores
 * them by default.
 *
 * `kv` is `slatedb()` or `sqlite()` of `@shardyfusion/core`, `vectors` is `lancedb()`. Readers of the keys alone need no
 * LanceDB, which is loaded by the first search. Errors: SHARD_INVALID_OPTION for other engines.
 *
 * @example
 * await writeSnapshot(words, { prefix, sharding: { shards: 4 }, key: 'word', keyEncoding: 'utf8', engine:
 * composite(slatedb(), lancedb()), vector: { of: 'embedding', dimensions: 100 } })
 */
export function composite(kv: ShardEngine, vectors: ShardEngine): ShardEngine {
  if (!KEY_FORMATS.includes(kv?.format))
    throw invalidOption(WHERE, `kv must be slatedb() or sqlite(), got ${described(kv)}`)
  if (vectors?.format !== 'lancedb')
    throw invalidOption(WHERE, `vectors must be lancedb(), got ${described(vectors)}`)
  const origin: Origin | undefined =
    kv.origin === undefined || vectors.origin === undefined
      ? undefined
      : {
          module: new URL('./index.js', import.meta.url).href,
          export: 'compositeFrom',
          options: { kv: kv.origin, vectors: vectors.origin },
        }
  const { peek, listsShards, io } = kv.supports
  const { search } = vectors.supports
  return {
    name: `${kv.name}+${vectors.name}`,
    format: `${kv.format}+${vectors.format}`,
    ...(origin && { origin }),
    // Vectors wait in the chunks in which they came, and for the seal.
    supports: { io, peek, listsShards, search },
    limits: kv.limits,
    maxOpenReaders: Math.min(kv.maxOpenReaders ?? 16, vectors.maxOpenReaders ?? 16),
    ...(kv.prepare && { prepare: () => kv.prepare!() }),
    manifestFields: (settings, unified) => {
      if (settings === undefined) return kv.manifestFields?.(undefined, unified) ?? {}
      if (!unified) throw withKeys()
      const { vector } = vectors.manifestFields!(settings, false)
      const backends = { unified, backend: vectors.format, kv_backend: kv.format }
      return {
        ...kv.manifestFields?.(undefined, unified),
        vector: { ...(vector as object), ...backends },
      }
    },
    ...(kv.recognizes && { recognizes: (shard) => kv.recognizes!(shard) }),
    openWriter: async (o) => {
      const writer = await kv.openWriter({ ...o, vectors: undefined })
      const { vectors: settings } = o
      return new CompositeWriter(writer, async () =>
        vectors.openWriter({ ...belowVectors(o), vectors: settings }),
      )
    },
    openReader: async (o) => {
      const seals = splitSeal(o.seal)
      const reader = await kv.openReader({ ...o, vectors: undefined, seal: seals.kv })
      const own: EngineReaderOptions = {
        ...o,
        ...belowVectors(o),
        seal: seals.vectors,
        signal: undefined,
      }
      const isSealed = Object.keys(seals.vectors?.objects ?? {}).length > 0
      return openCompositeReader(reader, () => vectors.openReader(own), isSealed)
    },
  }
}

/** Makes the engine that `composite` makes, from the origins of its parts; for other threads and processes. */
export async function compositeFrom(origins: {
  kv: Origin
  vectors: Origin
}): Promise<ShardEngine> {
  const [kv, vectors] = [origins?.kv, origins?.vectors]
  return composite(await engineFromOrigin(kv, WHERE), await engineFromOrigin(vectors, WHERE))
}

function belowVectors<O extends EngineOpenOptions>(o: O): O {
  return { ...o, url: `${o.url}/${VECTORS}` }
}

/** The objects of each part, by paths below its own URL. */
function splitSeal(seal: ShardSeal | undefined): { kv?: ShardSeal; vectors?: ShardSeal } {
  if (seal === undefined) return {}
  const below = `${VECTORS}/`
  const all = Object.entries(seal.objects)
  const kv = all.filter(([path]) => !path.startsWith(below))
  const vectors = all.flatMap(([path, object]) =>
    path.startsWith(below) ? [[path.slice(below.length), object] as const] : [],
  )
  return {
    kv: { ...seal, objects: Object.fromEntries(kv) },
    vectors: { objects: Object.fromEntries(vectors) },
  }
}

function withKeys(): Error {
  return invalidOption(
    WHERE,
    'composite() stores rows with keys, which writeSnapshot and SnapshotWriter of @shardyfusion/core write; for vectors ' +
      'without keys pass engine: lancedb()',
  )
}

function described(engine: unknown): string {
  const { name, format } = (engine ?? {}) as { name?: unknown; format?: unknown }
  return typeof format === 'string'
    ? `the engine ${describeValue(name)} of format "${format}"`
    : describeValue(engine)
}
