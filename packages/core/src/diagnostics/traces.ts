import { currentContext, tracingChannel } from '#node/diagnostics/channel'

/**
 * Operations that this SDK publishes on tracing channels of `node:diagnostics_channel`, each named
 * `shardyfusion:` and the name here: `tracingChannel('shardyfusion:get').subscribe(…)`.
 *
 * One object accompanies an operation from `start` to `asyncEnd`; optional fields are set at its end.
 * `start.bindStore` makes what an operation starts a part of it. No secrets, no keys, no values.
 */
export interface DiagnosticsTraces {
  /** `SnapshotReader.get`. */
  readonly get: { prefix: string; runId: string; found?: boolean }
  /** `SnapshotReader.getMany`. */
  readonly 'get-many': { prefix: string; runId: string; keys: number; found?: number }
  /** A scan, until it ends or is left. */
  readonly scan: {
    prefix: string
    runId: string
    ordered: boolean
    entries?: number
    bytes?: number
  }
  /** Searches of vectors. */
  readonly search: {
    prefix: string
    runId: string
    reader: string
    queries: number
    topK: number
    shardsQueried?: number
    results?: number
  }
  /** The opening of a reader. */
  readonly open: { prefix: string; reader: string; runId?: string; fellBack?: boolean }
  /** A reader looks for a newer snapshot. */
  readonly refresh: {
    prefix: string
    reader: string
    runId: string
    outcome?: 'moved' | 'unchanged' | 'malformed' | 'failed'
  }
  /** A reader opens a shard. */
  readonly 'shard-open': { prefix: string; runId: string; shard: number; engine: string }
  /** A call of the object store, including its retries. `bytes` were read or written. */
  readonly 'store-request': {
    operation: StoreOperation
    url: string
    bytes?: number
  }
  /** A build, until it is published or abandoned. */
  readonly build: {
    prefix: string
    runId: string
    rows?: number
    manifestRef?: string | undefined
  }
  /** An update, from its first merge until it is published or abandoned. */
  readonly update: {
    prefix: string
    runId: string
    /** The run that it started from. */
    baseRunId: string
    changes: number
    /** Shards with changes. */
    shards: number
    /** Rows written to them. */
    rows?: number
    manifestRef?: string | undefined
  }
  /** A build, or an update, writes a shard, until it is sealed. */
  readonly 'shard-write': {
    prefix: string
    runId: string
    shard: number
    rows?: number
    bytes?: number
    batches?: number
  }
}

/** An operation of an object store. */
export type StoreOperation =
  | 'get'
  | 'head'
  | 'put'
  | 'upload'
  | 'list'
  | 'listPrefixes'
  | 'delete'
  | 'deletePrefix'

/** The fields that every operation has at its end. */
export interface TraceEnd {
  /** Milliseconds it took; present at the end. */
  durationMs?: number
  /** The thrown value of an operation that failed. */
  error?: unknown
}

type Traces = { readonly [N in keyof DiagnosticsTraces]: ReturnType<typeof tracingChannel> }

const TRACES: Traces = {
  get: tracingChannel('shardyfusion:get'),
  'get-many': tracingChannel('shardyfusion:get-many'),
  scan: tracingChannel('shardyfusion:scan'),
  search: tracingChannel('shardyfusion:search'),
  open: tracingChannel('shardyfusion:open'),
  refresh: tracingChannel('shardyfusion:refresh'),
  'shard-open': tracingChannel('shardyfusion:shard-open'),
  'store-request': tracingChannel('shardyfusion:store-request'),
  build: tracingChannel('shardyfusion:build'),
  update: tracingChannel('shardyfusion:update'),
  'shard-write': tracingChannel('shardyfusion:shard-write'),
}

/** The part of a channel that does not depend on the version of `@types/node`. */
interface Subscribed {
  readonly hasSubscribers: boolean
  readonly start: { readonly hasSubscribers: boolean }
}

/** The channels whose check for subscribers is on the path of every lookup or request. */
export const getTrace: Subscribed = TRACES.get
export const getManyTrace: Subscribed = TRACES['get-many']
export const requestTrace: Subscribed = TRACES['store-request']

/** Runs an operation, and publishes its start and end if the channel has subscribers. */
export async function traced<N extends keyof DiagnosticsTraces, T>(
  name: N,
  begin: () => DiagnosticsTraces[N],
  work: () => Promise<T>,
  finish?: (message: DiagnosticsTraces[N], result: T) => void,
): Promise<T> {
  const trace = startTrace(name, begin)
  if (trace === undefined) return work()
  try {
    const result = await trace.within(work)
    finish?.(trace.message, result)
    trace.end()
    return result
  } catch (error) {
    trace.fail(error)
    throw error
  }
}

/** An operation whose end is not the end of one call. */
export interface Trace<M> {
  /** Takes the fields that are known at the end. */
  readonly message: M & TraceEnd
  /** Runs work as a part of the operation. */
  within<T>(work: () => T): T
  /** Publishes the end; only the first end counts. */
  end(): void
  fail(error: unknown): void
}

/** Publishes the start of an operation; `undefined` if the channel has no subscribers. */
export function startTrace<N extends keyof DiagnosticsTraces>(
  name: N,
  begin: () => DiagnosticsTraces[N],
): Trace<DiagnosticsTraces[N]> | undefined {
  const to = TRACES[name]
  if (!to.hasSubscribers) return undefined
  const startedAt = performance.now()
  const message: DiagnosticsTraces[N] & TraceEnd = begin()
  // The order of events is that of `tracePromise`, which would also publish the result: a value.
  // Without a subscriber of the start, nothing is part of the operation.
  let within: Trace<unknown>['within'] = (work) => work()
  if (to.start.hasSubscribers) within = to.start.runStores(message, currentContext)
  to.end.publish(message)
  let hasEnded = false
  const end = (): void => {
    message.durationMs = performance.now() - startedAt
    to.asyncStart.publish(message)
    to.asyncEnd.publish(message)
  }
  return {
    message,
    within,
    end() {
      if (hasEnded) return
      hasEnded = true
      end()
    },
    fail(error) {
      if (hasEnded) return
      hasEnded = true
      message.error = error
      to.error.publish(message)
      end()
    },
  }
}
