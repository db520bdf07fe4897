/**
 * Counts of one reader since it was opened, over all snapshots that it has served. Plain data.
 *
 * Units: `…Bytes` are bytes, `…Ms` milliseconds.
 */
export interface ReaderStats {
  /** Class of the reader, such as `SnapshotReader`. */
  readonly reader: string
  /** URL of the table. */
  readonly prefix: string
  /** Time since the reader was opened. */
  readonly uptimeMs: number
  /** The snapshot that it serves now. */
  readonly snapshot: {
    readonly runId: string
    /** Time since it was published. */
    readonly ageMs: number
    readonly rowCount: number
    /** True if the pointer names another manifest, which is damaged. */
    readonly fellBack: boolean
  }
  /** Calls of `get` and `getMany`, and their keys. */
  readonly lookups: {
    /** Calls of `get` and of `getMany`. */
    readonly gets: number
    readonly getManys: number
    /** Keys of both. */
    readonly keys: number
    /** Keys with a value, and without one. */
    readonly hits: number
    readonly misses: number
  }
  /** Scans and what they returned. */
  readonly scans: {
    readonly started: number
    readonly entries: number
    /** Keys and values, as stored. */
    readonly bytes: number
  }
  /** Vector searches. */
  readonly searches: {
    readonly calls: number
    readonly queries: number
    readonly results: number
  }
  /** Calls of `refresh`, by outcome. */
  readonly refreshes: {
    readonly moved: number
    readonly unchanged: number
    readonly malformed: number
    readonly failed: number
  }
  /** Shards of the snapshot, and those that were opened. */
  readonly shards: {
    readonly total: number
    /** Number of shards that are open or opening. */
    readonly open: number
    readonly opened: number
    readonly failed: number
  }
  /** Calls of the object store, behind the cache of local files; retries are not counted. */
  readonly store: {
    readonly requests: number
    readonly failed: number
    readonly bytesRead: number
  }
  /** Failed calls by the code of their error; `ABORTED` and `OTHER` for errors without one. */
  readonly errors: Readonly<Record<string, number>>
  /** The cache of values; absent without one. */
  readonly valueCache?: {
    readonly hits: number
    readonly misses: number
    readonly bytes: number
    readonly maxBytes: number
  }
  /** The cache of local files; absent without one. */
  readonly cache?: {
    readonly hits: number
    readonly hitBytes: number
    readonly misses: number
    readonly missBytes: number
    readonly damaged: number
  }
}

/** The same of a reader of one shard, which belongs to no snapshot; `prefix` is the URL of the shard. */
export type ShardReaderStats = Omit<ReaderStats, 'snapshot'>

/**
 * The counts that a reader increments.
 *
 * @internal
 */
export class ReaderCounters {
  readonly openedAt = performance.now()
  gets = 0
  /** Of `gets`, those that waited. */
  waits = 0
  getManys = 0
  batchKeys = 0
  hits = 0
  misses = 0
  scans = 0
  scanEntries = 0
  scanBytes = 0
  searches = 0
  queries = 0
  results = 0
  shardsOpened = 0
  shardsFailed = 0
  readonly refreshes = { moved: 0, unchanged: 0, malformed: 0, failed: 0 }
  readonly valueCache = { hits: 0, misses: 0 }
  readonly errors: Record<string, number> = {}

  /** Counts a failed call. */
  fail(error: unknown): void {
    const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown }
    const known = typeof code === 'string' && code.startsWith('SHARD_')
    const label = known ? code : name === 'AbortError' ? 'ABORTED' : 'OTHER'
    this.errors[label] = (this.errors[label] ?? 0) + 1
  }

  /** Counts a lookup that another thread makes in memory. */
  addPeek(value: unknown): void {
    this.gets++
    this.found(value)
  }

  /** Counts and returns the value of a lookup. */
  found<T>(value: T): T {
    if (value === undefined) this.misses++
    else this.hits++
    return value
  }

  /** Counts the outcome of opening a shard. */
  async opening<T>(opening: Promise<T>): Promise<T> {
    try {
      const opened = await opening
      this.shardsOpened++
      return opened
    } catch (error) {
      this.shardsFailed++
      throw error
    }
  }

  /** Counts the values of a batch, and returns the number of those that exist. */
  addBatch(values: readonly unknown[]): number {
    let found = 0
    for (const value of values) if (value !== undefined) found++
    this.getManys++
    this.batchKeys += values.length
    this.hits += found
    this.misses += values.length - found
    return found
  }

  /** Returns the parts of `ReaderStats` that are counted here. */
  parts(): Pick<ReaderStats, 'lookups' | 'scans' | 'searches' | 'refreshes' | 'errors'> {
    const { gets, getManys, batchKeys, hits, misses } = this
    return {
      lookups: { gets, getManys, keys: gets + batchKeys, hits, misses },
      scans: { started: this.scans, entries: this.scanEntries, bytes: this.scanBytes },
      searches: { calls: this.searches, queries: this.queries, results: this.results },
      refreshes: { ...this.refreshes },
      errors: { ...this.errors },
    }
  }
}
