// Long because it is one table: every instrument, with its help and the count it reads.

import type { ReaderStats, ShardReaderStats } from '@shardyfusion/core'

/** Values of the labels of a point. */
export type Labels = Readonly<Record<string, string>>

/** A value with the labels that it has in addition to `prefix`. */
export type Reading = readonly [value: number, labels?: Labels]

/** The counts of a reader; one of a single shard has no snapshot. */
type Stats = ShardReaderStats & Partial<Pick<ReaderStats, 'snapshot'>>

export interface Instrument {
  /** The name without a prefix, a unit and `_total`. */
  readonly name: string
  readonly kind: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly unit?: 'seconds' | 'bytes' | undefined
  readonly labels: readonly string[]
  /** Reads it from the counts of a reader. Without it, events change the instrument. */
  readonly read?: ((stats: Stats) => Iterable<Reading>) | undefined
  /** How gauges of several readers with one prefix become one; the sum by default. */
  readonly merge?: 'sum' | 'max' | undefined
  /** Upper bounds of the buckets of a histogram. */
  readonly buckets?: readonly number[] | undefined
}

/** Durations of lookups and requests, in seconds: a value in memory takes about a microsecond. */
const FAST = [
  0.000_001, 0.000_0025, 0.000_01, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005,
  0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10,
]
/** Durations of builds and scans, in seconds. */
const SLOW = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 21_600]

const PREFIX = ['prefix']

function counter(
  name: string,
  help: string,
  read: (stats: Stats) => number | undefined,
  unit?: Instrument['unit'],
): Instrument {
  return {
    name,
    kind: 'counter',
    help,
    unit,
    labels: PREFIX,
    read: (stats) => {
      const value = read(stats)
      return value === undefined ? [] : [[value]]
    },
  }
}

function gauge(
  name: string,
  help: string,
  read: (stats: Stats) => number | undefined,
  more: Pick<Instrument, 'unit' | 'merge'> = {},
): Instrument {
  return { ...counter(name, help, read), kind: 'gauge', ...more }
}

function counted(name: string, help: string, labels = PREFIX, unit?: 'bytes'): Instrument {
  return { name, kind: 'counter', help, labels, unit }
}

function duration(
  name: string,
  help: string,
  labels: readonly string[],
  buckets: readonly number[],
): Instrument {
  return { name, kind: 'histogram', help, unit: 'seconds', labels, buckets }
}

/** Names of the Python project. Labels are ours; sums over them are its values. */
const OF_THE_PYTHON_PROJECT = {
  writesStarted: counted('writes_started', 'Builds that have started.'),
  writesCompleted: counted('writes_completed', 'Builds that were published.'),
  writeDuration: duration('write_duration', 'Duration of published builds.', PREFIX, SLOW),
  shardWritesCompleted: counted('shard_writes_completed', 'Shards that were written and sealed.'),
  shardWriteDuration: duration(
    'shard_write_duration',
    'Duration of writing a shard, from its first batch to its seal.',
    PREFIX,
    SLOW,
  ),
  batchesWritten: counted('batches_written', 'Batches of rows that sealed shards took.'),
  readerGets: counter('reader_gets', 'Calls of get.', ({ lookups }) => lookups.gets),
  readerGetDuration: duration(
    'reader_get_duration',
    'Duration of get. All that waited (source="storage") are timed; of those that memory answered, a sample.',
    ['prefix', 'source'],
    FAST,
  ),
  readerMultiGets: counter('reader_multi_gets', 'Calls of getMany.', ({ lookups }) => {
    return lookups.getManys
  }),
  readerMultiGetDuration: duration(
    'reader_multi_get_duration',
    'Duration of getMany.',
    PREFIX,
    FAST,
  ),
  s3Retries: counted('s3_retries', 'Requests to S3 that were made again.', ['operation']),
  s3RetriesExhausted: counted(
    's3_retries_exhausted',
    'Calls of the object store that failed after retries.',
    ['operation'],
  ),
  rateLimiterThrottled: counted('rate_limiter_throttled', 'Calls that waited for a rate limit.', [
    'prefix',
    'limiter',
  ]),
  rateLimiterWait: duration(
    'rate_limiter_wait',
    'Time that calls waited for a rate limit.',
    ['prefix', 'limiter'],
    SLOW,
  ),
  rateLimiterDenied: counted(
    'rate_limiter_denied',
    'Calls that a rate limit refused. Always 0: limits of this SDK wait.',
    [],
  ),
}

const BUILDS = {
  writesFailed: counted('writes_failed', 'Builds that failed or were abandoned.'),
  rowsWritten: counted('rows_written', 'Rows of published builds.'),
  shardWritesRetried: counted('shard_writes_retried', 'Attempts at a shard that failed.'),
  buildWarnings: counted('build_warnings', 'Warnings of builds.'),
}

const READERS = {
  readers: gauge('readers', 'Readers that are open.', () => 1),
  readerOpens: counted('reader_opens', 'Readers that were opened.'),
  readerOpenDuration: duration(
    'reader_open_duration',
    'Duration of opening a reader.',
    PREFIX,
    FAST,
  ),
  readerKeys: counter('reader_keys', 'Keys of get and getMany.', ({ lookups }) => lookups.keys),
  readerHits: counter('reader_hits', 'Keys that have a value.', ({ lookups }) => lookups.hits),
  readerMisses: counter('reader_misses', 'Keys that do not exist.', ({ lookups }) => {
    return lookups.misses
  }),
  readerScans: counter('reader_scans', 'Scans that were started.', ({ scans }) => scans.started),
  readerScanEntries: counter(
    'reader_scan_entries',
    'Entries that scans have read.',
    ({ scans }) => {
      return scans.entries
    },
  ),
  readerScanBytes: counter(
    'reader_scan_bytes',
    'Keys and values that scans have read.',
    ({ scans }) => scans.bytes,
    'bytes',
  ),
  readerScanDuration: duration(
    'reader_scan_duration',
    'Duration of scans, including the time of their callers.',
    PREFIX,
    SLOW,
  ),
  readerSearches: counter('reader_searches', 'Searches of vectors.', ({ searches }) => {
    return searches.calls
  }),
  readerSearchQueries: counter(
    'reader_search_queries',
    'Queries of these searches.',
    ({ searches }) => searches.queries,
  ),
  readerSearchResults: counter('reader_search_results', 'Results of these.', ({ searches }) => {
    return searches.results
  }),
  readerSearchDuration: duration('reader_search_duration', 'Duration of searches.', PREFIX, FAST),
  readerErrors: {
    name: 'reader_errors',
    kind: 'counter',
    help: 'Failed calls of readers, by the code of their error.',
    labels: ['prefix', 'code'],
    read: ({ errors }: Stats) =>
      Object.entries(errors).map(([code, value]): Reading => [value, { code }]),
  } satisfies Instrument,
  readerRefreshes: {
    name: 'reader_refreshes',
    kind: 'counter',
    help: 'Refreshes of readers, by outcome.',
    labels: ['prefix', 'outcome'],
    read: ({ refreshes }: Stats) =>
      Object.entries(refreshes).map(([outcome, value]): Reading => [value, { outcome }]),
  } satisfies Instrument,
  readerRefreshDuration: duration(
    'reader_refresh_duration',
    'Duration of refreshes.',
    ['prefix', 'outcome'],
    FAST,
  ),
  readerFallbacks: counted(
    'reader_fallbacks',
    'Times that a reader served an older snapshot, because the current manifest is damaged.',
  ),
}

const SNAPSHOTS = {
  snapshotAge: gauge(
    'snapshot_age',
    'Time since the served snapshot was published.',
    ({ snapshot }) => snapshot && snapshot.ageMs / 1000,
    { unit: 'seconds', merge: 'max' },
  ),
  snapshotRows: gauge(
    'snapshot_rows',
    'Rows of the served snapshot.',
    ({ snapshot }) => snapshot?.rowCount,
    { merge: 'max' },
  ),
  snapshotFellBack: gauge(
    'snapshot_fell_back',
    '1 if an older snapshot is served than the pointer names.',
    ({ snapshot }) => snapshot && (snapshot.fellBack ? 1 : 0),
    { merge: 'max' },
  ),
  snapshotInfo: {
    name: 'snapshot_info',
    kind: 'gauge',
    help: 'The run of the served snapshot; always 1.',
    labels: ['prefix', 'run_id'],
    merge: 'max',
    read: ({ snapshot }: Stats): Reading[] =>
      snapshot === undefined ? [] : [[1, { run_id: snapshot.runId }]],
  } satisfies Instrument,
}

const SHARDS = {
  readerShards: gauge(
    'reader_shards',
    'Shards of the served snapshot.',
    ({ shards }) => {
      return shards.total
    },
    { merge: 'max' },
  ),
  readerShardsOpen: gauge('reader_shards_open', 'Shards that readers have open.', ({ shards }) => {
    return shards.open
  }),
  readerShardsOpened: counter('reader_shards_opened', 'Shards that were opened.', ({ shards }) => {
    return shards.opened
  }),
  readerShardsFailed: counter(
    'reader_shards_failed',
    'Shards that could not be opened.',
    ({ shards }) => shards.failed,
  ),
  readerShardOpenDuration: duration(
    'reader_shard_open_duration',
    'Duration of opening a shard.',
    PREFIX,
    FAST,
  ),
}

const STORE = {
  readerStoreRequests: counter(
    'reader_store_requests',
    'Calls of the object store by readers, behind the cache of local files.',
    ({ store }) => store.requests,
  ),
  readerStoreFailed: counter('reader_store_failed', 'Those that failed.', ({ store }) => {
    return store.failed
  }),
  readerStoreRead: counter(
    'reader_store_read_bytes',
    'Bytes that readers have read from the object store.',
    ({ store }) => store.bytesRead,
    'bytes',
  ),
  storeRequestDuration: duration(
    'store_request_duration',
    'Duration of calls of the object store, with their retries, by readers and writers.',
    ['operation', 'outcome'],
    FAST,
  ),
  storeTransferred: counted(
    'store_transferred_bytes',
    'Bytes that these calls have read or written.',
    ['operation'],
    'bytes',
  ),
}

const CACHES = {
  valueCacheHits: counter('value_cache_hits', 'Keys that the cache of values had.', (stats) => {
    return stats.valueCache?.hits
  }),
  valueCacheMisses: counter('value_cache_misses', 'Keys that it did not have.', (stats) => {
    return stats.valueCache?.misses
  }),
  valueCacheBytes: gauge(
    'value_cache_bytes',
    'Bytes in the cache of values.',
    ({ valueCache }) => valueCache?.bytes,
    { unit: 'bytes' },
  ),
  valueCacheMaxBytes: gauge(
    'value_cache_max_bytes',
    'Bytes that the cache of values may take.',
    ({ valueCache }) => valueCache?.maxBytes,
    { unit: 'bytes' },
  ),
  fileCacheHits: counter('file_cache_hits', 'Reads that local files answered.', ({ cache }) => {
    return cache?.hits
  }),
  fileCacheMisses: counter('file_cache_misses', 'Reads that needed a request.', ({ cache }) => {
    return cache?.misses
  }),
  fileCacheHitBytes: counter(
    'file_cache_hit_bytes',
    'Bytes that local files answered.',
    ({ cache }) => cache?.hitBytes,
    'bytes',
  ),
  fileCacheMissBytes: counter(
    'file_cache_miss_bytes',
    'Bytes that were fetched for the cache of local files.',
    ({ cache }) => cache?.missBytes,
    'bytes',
  ),
  fileCacheDamaged: counter(
    'file_cache_damaged',
    'Files of the cache that were ignored, because their checksum was wrong.',
    ({ cache }) => cache?.damaged,
  ),
}

const CLEANUPS = {
  cleanupActions: counted('cleanup_actions', 'Actions of cleanups, by outcome.', [
    'prefix',
    'kind',
    'outcome',
  ]),
  cleanupObjects: counted('cleanup_objects_deleted', 'Objects that cleanups have deleted.'),
}

export const INSTRUMENTS = {
  ...OF_THE_PYTHON_PROJECT,
  ...BUILDS,
  ...READERS,
  ...SNAPSHOTS,
  ...SHARDS,
  ...STORE,
  ...CACHES,
  ...CLEANUPS,
}

/** All instruments, in the order in which they are exported. */
export const ALL_INSTRUMENTS: readonly Instrument[] = Object.values(INSTRUMENTS)
