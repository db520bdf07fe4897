import { isShardyfusionError, type KeyEncoding, SnapshotReader } from '@shardyfusion/core'
import { openSnapshot } from '@shardyfusion/core/internal-read'
import type { VectorReader } from '@shardyfusion/vector'
import { Refusal } from './failure.js'
import { loadVectorPackage } from './load-vector-package.js'
import { errorFields, type Log } from './log.js'
import type { DatabaseOptions } from './options.js'
import { ReplyCache } from './resp/reply-cache.js'
import { ValueBytes } from './value-bytes.js'

/** Expected bytes of a value before any was read. */
const FIRST_VALUE_BYTES = 2048

/** Facts about the open snapshot that requests need. */
export interface SnapshotFacts {
  /** The snapshot itself, as an identity. */
  readonly snapshot: object
  readonly runId: string
  readonly keyEncoding: KeyEncoding
  /** True if a CEL expression may see the key, so that its type matters. */
  readonly isCel: boolean
  /** Name of the codec of the values, if the writer recorded it: `utf8`, `json` or another. */
  readonly valueCodec: string | undefined
  readonly rowCount: number
  /** Mean stored bytes of a row, 1 or more. */
  readonly rowBytes: number
}

/** The vectors of a snapshot. */
export interface ServedVectors {
  /** Numbers in a vector. */
  readonly dimensions: number
  /** How the distance of two vectors is measured. */
  readonly metric: string
  /** How vectors without keys are distributed over shards. */
  readonly strategy?: string
  /** Vectors of all shards, if they have no keys. */
  readonly totalVectors?: number
  /** Number of shards that a search of vectors without keys asks by default. */
  readonly probes?: number
}

/** One served prefix: a reader that follows publications, and the replies of its snapshot. */
export class Database {
  readonly index: number
  readonly name: string
  readonly prefix: string
  readonly cache: ReplyCache
  readonly valueBytes: ValueBytes
  /** False for vectors without keys. */
  readonly hasKeys: boolean
  /** Set for vectors without keys. */
  readonly vectorReader: VectorReader | undefined
  readonly #keyed: SnapshotReader | undefined
  #facts: SnapshotFacts

  private constructor(
    index: number,
    name: string,
    prefix: string,
    keyed: SnapshotReader | undefined,
    vectorReader: VectorReader | undefined,
    cache: ReplyCache,
  ) {
    this.index = index
    this.name = name
    this.prefix = prefix
    this.hasKeys = keyed !== undefined
    this.vectorReader = vectorReader
    this.cache = cache
    this.#keyed = keyed
    this.#facts = factsOf(this.anyReader, keyed)
    this.valueBytes = new ValueBytes(Math.max(FIRST_VALUE_BYTES, this.#facts.rowBytes))
  }

  static async open(
    { name, ...options }: DatabaseOptions & { readonly name: string },
    index: number,
    { refreshMs, replyCacheBytes, log }: { refreshMs: number; replyCacheBytes: number; log: Log },
  ): Promise<Database> {
    const isPinned = options.runId !== undefined || options.manifestRef !== undefined
    const followed = {
      ...options,
      ...(refreshMs > 0 && !isPinned && { autoRefresh: follow(name, refreshMs, log) }),
    }
    const { prefix } = options
    try {
      const reader = await SnapshotReader.open(followed)
      return new Database(index, name, prefix, reader, undefined, new ReplyCache(replyCacheBytes))
    } catch (error) {
      if (!isShardyfusionError(error) || error.details['vectorOnly'] !== true) throw error
    }
    const { VectorReader } = await loadVectorPackage('serve')
    // Options of lookups and scans, which such a snapshot has none of.
    const { iteratorChunkSize: _, keyEncoding: __, valueCacheBytes: ___, ...searched } = followed
    const reader = await VectorReader.open(searched)
    return new Database(index, name, prefix, undefined, reader, new ReplyCache(0))
  }

  /** The reader of rows. Errors: Refusal for vectors without keys. */
  get reader(): SnapshotReader {
    if (this.#keyed !== undefined) return this.#keyed
    throw new Refusal(
      'NO_KEYS',
      `database ${this.name} has vectors without keys; search them with POST /v1/databases/${this.name}/search`,
    )
  }

  /** The reader, for what both kinds have. */
  get anyReader(): SnapshotReader | VectorReader {
    return this.#keyed ?? this.vectorReader!
  }

  /** The vectors of the open snapshot; `undefined` if it has none. */
  vectors(): ServedVectors | undefined {
    if (this.#keyed !== undefined) {
      const found = this.#keyed.vectors()
      return found && { dimensions: found.dimensions, metric: found.metric }
    }
    const { dimensions, metric, strategy, totalVectors, probes } = this.vectorReader!.info()
    return { dimensions, metric, strategy, totalVectors, probes }
  }

  /** The open snapshot. Empties the cache if it is another one than at the last call. */
  current(): SnapshotFacts {
    const keyed = this.#keyed
    // Facts about vectors alone are asked for rarely, and nothing of them is cached.
    if (keyed === undefined) return factsOf(this.anyReader, keyed)
    if (this.#facts.snapshot !== keyed[openSnapshot]) {
      this.#facts = factsOf(keyed, keyed)
      this.cache.clear()
    }
    return this.#facts
  }
}

function factsOf(
  reader: SnapshotReader | VectorReader,
  keyed: SnapshotReader | undefined,
): SnapshotFacts {
  const { runId, keyEncoding, sharding, rowCount, valueCodec } = reader.info()
  const bytes = reader.shards().reduce((sum, shard) => sum + shard.bytes, 0)
  return {
    snapshot: keyed?.[openSnapshot] ?? reader,
    runId,
    keyEncoding,
    isCel: sharding === 'cel',
    valueCodec,
    rowCount,
    rowBytes: Math.max(1, Math.round(bytes / Math.max(1, rowCount))),
  }
}

function follow(database: string, everyMs: number, log: Log) {
  return {
    everyMs,
    onMove: ({ runId }: { runId: string }) =>
      log({ level: 'info', event: 'moved', message: 'serving a new snapshot', database, runId }),
    onError: (error: unknown) =>
      log({
        level: 'warn',
        event: 'refresh-failed',
        message: 'the refresh failed; the previous snapshot is served',
        database,
        ...errorFields(error),
      }),
  }
}
