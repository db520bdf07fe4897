import { channel } from '#node/diagnostics/channel'
import type { ReaderStats, ShardReaderStats } from './reader-stats.js'

/**
 * Events that this SDK publishes on channels of `node:diagnostics_channel`, each named
 * `shardyfusion:` and the name here. Operations with a start and an end are `DiagnosticsTraces`.
 *
 * Shape: plain data, times in milliseconds; `error` is the thrown value. No secrets, no keys, no
 * values.
 */
export interface DiagnosticsEvents {
  /** A build has ended, with success or failure. */
  readonly build: {
    readonly outcome: 'published' | 'failed'
    readonly prefix: string
    readonly runId: string
    readonly rows: number
    readonly durationMs: number
    readonly manifestRef: string | undefined
    readonly error: unknown
  }
  /** An update of a snapshot has ended, with success or failure. */
  readonly update: {
    readonly outcome: 'published' | 'failed'
    readonly prefix: string
    readonly runId: string
    /** The run that the update started from. */
    readonly baseRunId: string
    readonly changes: number
    /** Shards with changes. */
    readonly shards: number
    /** Rows written to them. */
    readonly rows: number
    readonly durationMs: number
    readonly manifestRef: string | undefined
    readonly error: unknown
  }
  /** A shard failed and is written again. */
  readonly 'shard-retry': {
    readonly prefix: string
    readonly runId: string
    readonly shard: number
    readonly attempts: number
    readonly delayMs: number
    readonly error: unknown
  }
  /** A problem that does not end the build, as `onWarning` receives it. */
  readonly warning: {
    readonly prefix: string
    readonly runId: string
    readonly message: string
    readonly error: unknown
  }
  /** A request to S3 failed and is retried. */
  readonly 'request-retry': {
    readonly operation: string
    readonly url: string
    readonly attempt: number
    readonly kind: string
  }
  /**
   * A snapshot was opened for reading, or one shard, whose URL is `prefix`; `fellBack` if the snapshot
   * is not the one the pointer names.
   */
  readonly open: {
    readonly prefix: string
    /** `undefined` for one shard, as the next. */
    readonly runId: string | undefined
    readonly manifestRef: string | undefined
    readonly fellBack: boolean
    readonly durationMs: number
    /** The class of the reader. */
    readonly reader: string
    /** Returns the reader's counts at any time. */
    readonly stats: () => ReaderStats | ShardReaderStats
  }
  /** A reader was closed. */
  readonly close: {
    readonly prefix: string
    /** `undefined` for one shard. */
    readonly runId: string | undefined
    readonly reader: string
    /** Its last counts. */
    readonly stats: ReaderStats | ShardReaderStats
  }
  /** A reader checked for a newer snapshot. */
  readonly refresh: {
    readonly outcome: 'moved' | 'unchanged' | 'malformed' | 'failed'
    readonly prefix: string
    readonly runId: string
    readonly durationMs: number
    readonly error: unknown
  }
  /** A reader serves an older snapshot, because the manifest that the pointer names is damaged. */
  readonly fallback: {
    readonly prefix: string
    /** The snapshot that is served. */
    readonly runId: string
    readonly manifestRef: string
    /** The manifest that the pointer names. */
    readonly currentManifestRef: string
    readonly error: unknown
  }
  /**
   * Lookups were timed. Every `getMany` and every `get` that waited for storage or the engine is; of
   * those that memory answered, one in 64 on average (more of the first thousands), because a clock
   * costs more than the lookup.
   */
  readonly lookup: {
    readonly prefix: string
    readonly method: 'get' | 'getMany'
    readonly keys: number
    readonly found: number
    readonly durationMs: number
    /** True if no wait was needed. */
    readonly fromMemory: boolean
    /** Number of lookups that it stands for. */
    readonly weight: number
  }
  /** A call waited for a rate limit of its reader or writer. */
  readonly throttle: {
    readonly prefix: string
    readonly limiter: 'read' | 'write'
    readonly waitMs: number
  }
  /** A cleanup has executed, or skipped, one action. */
  readonly cleanup: {
    readonly prefix: string
    readonly kind: string
    readonly runId: string
    readonly outcome: string
    readonly objectsDeleted: number
    readonly error: unknown
  }
}

/** The part of a channel that is used here; declarations without types of Node must not name those. */
interface EventChannel {
  readonly hasSubscribers: boolean
  publish(message: unknown): void
}

type Channels = { readonly [N in keyof DiagnosticsEvents]: EventChannel }

/** The channel names that users subscribe to. */
const CHANNELS: Channels = {
  build: channel('shardyfusion:build'),
  update: channel('shardyfusion:update'),
  'shard-retry': channel('shardyfusion:shard-retry'),
  warning: channel('shardyfusion:warning'),
  'request-retry': channel('shardyfusion:request-retry'),
  open: channel('shardyfusion:open'),
  close: channel('shardyfusion:close'),
  refresh: channel('shardyfusion:refresh'),
  fallback: channel('shardyfusion:fallback'),
  lookup: channel('shardyfusion:lookup'),
  throttle: channel('shardyfusion:throttle'),
  cleanup: channel('shardyfusion:cleanup'),
}

/** The channel of timed lookups, whose check for subscribers is on the path of every lookup. */
export const lookups: EventChannel = CHANNELS.lookup

/** Publishes an event if the channel has subscribers; the event is made only then. */
export function emit<N extends keyof DiagnosticsEvents>(
  name: N,
  event: () => DiagnosticsEvents[N],
): void {
  const to = CHANNELS[name]
  if (to.hasSubscribers) to.publish(event())
}
