import { type KeyEncoding, SnapshotReader } from '@shardyfusion/core'
import { openSnapshot } from '@shardyfusion/core/internal'
import { errorFields, type Log } from './log.js'
import type { DatabaseOptions } from './options.js'
import { ReplyCache } from './resp/reply-cache.js'

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

/** One served prefix: a reader that follows publications, and the replies of its snapshot. */
export class Database {
  readonly index: number
  readonly name: string
  readonly prefix: string
  readonly reader: SnapshotReader
  readonly cache: ReplyCache
  #facts: SnapshotFacts

  private constructor(
    index: number,
    name: string,
    prefix: string,
    reader: SnapshotReader,
    cache: ReplyCache,
  ) {
    this.index = index
    this.name = name
    this.prefix = prefix
    this.reader = reader
    this.cache = cache
    this.#facts = factsOf(reader)
  }

  static async open(
    { name, ...options }: DatabaseOptions & { readonly name: string },
    index: number,
    { refreshMs, replyCacheBytes, log }: { refreshMs: number; replyCacheBytes: number; log: Log },
  ): Promise<Database> {
    const isPinned = options.runId !== undefined || options.manifestRef !== undefined
    const reader = await SnapshotReader.open({
      ...options,
      ...(refreshMs > 0 && !isPinned && { autoRefresh: follow(name, refreshMs, log) }),
    })
    return new Database(index, name, options.prefix, reader, new ReplyCache(replyCacheBytes))
  }

  /** The open snapshot. Empties the cache if it is another one than at the last call. */
  current(): SnapshotFacts {
    if (this.#facts.snapshot !== this.reader[openSnapshot]) {
      this.#facts = factsOf(this.reader)
      this.cache.clear()
    }
    return this.#facts
  }
}

function factsOf(reader: SnapshotReader): SnapshotFacts {
  const { runId, keyEncoding, sharding, rowCount, valueCodec } = reader.info()
  const bytes = reader.shards().reduce((sum, shard) => sum + shard.bytes, 0)
  return {
    snapshot: reader[openSnapshot],
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
