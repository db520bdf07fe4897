import type { EngineWriter, ShardEngine } from '../engine/engine.js'
import { wrapEngine } from '../engine/wrap-engine.js'
import type { ShardyfusionError } from '../errors.js'
import { engineError, storeError } from '../errors/error-factories.js'
import type { ObjectStore } from '../store/object-store.js'
import { interceptStore, type StoreCall } from './intercept-store.js'

/** The call of a shard's writer that fails. */
export type EngineFaultPoint = 'open' | 'write' | 'flush' | 'seal'

/** One possible target of a fault: an attempt at a shard, as its URL names it. */
export interface ShardAttempt {
  /** URL of the attempt. */
  readonly url: string
  /** Number of the shard. */
  readonly shard: number
  /** Number of the attempt. */
  readonly attempt: number
}

/** Options of `faultyEngine`. */
export interface EngineFaultOptions {
  /** The failing call; `'seal'` by default. */
  readonly at?: EngineFaultPoint | undefined
  /** Selects the attempts that fail, once each; by default the first of every shard. */
  readonly strikes?: ((attempt: ShardAttempt) => boolean) | undefined
  /** Makes the thrown error; by default a retryable SHARD_ENGINE. */
  readonly error?: ((attempt: ShardAttempt) => unknown) | undefined
}

/**
 * Wraps an engine so that its writers fail once in every attempt at a shard that `strikes` selects.
 *
 * Attempts are identified by their URL (`…/db=00003/attempt=00`), so that the next attempt at the
 * same shard succeeds by default.
 */
export function faultyEngine(engine: ShardEngine, options: EngineFaultOptions = {}): ShardEngine {
  const { at = 'seal', strikes = ({ attempt }) => attempt === 0, error = engineFault } = options
  const struck = new Set<string>()
  const strike = (url: string, point: EngineFaultPoint): void => {
    const attempt = shardAttempt(url)
    if (point !== at || attempt === undefined || struck.has(url) || !strikes(attempt)) return
    struck.add(url)
    throw error(attempt)
  }
  const openWriter: ShardEngine['openWriter'] = async (o) => {
    strike(o.url, 'open')
    const writer = await engine.openWriter(o)
    return faultyWriter(writer, (point) => strike(o.url, point))
  }
  return wrapEngine(engine, { openWriter })
}

function faultyWriter(
  writer: EngineWriter,
  strike: (point: EngineFaultPoint) => void,
): EngineWriter {
  return {
    async write(chunk) {
      strike('write')
      await writer.write(chunk)
    },
    async flush() {
      strike('flush')
      await writer.flush()
    },
    async seal() {
      strike('seal')
      await writer.seal()
    },
    bytes: () => writer.bytes(),
    close: () => writer.close(),
  }
}

/** Options of `faultyStore`. */
export interface StoreFaultOptions {
  /** Selects the calls that may fail. */
  readonly strikes: (call: StoreCall) => boolean
  /** Number of them that fail; 1 by default, `Infinity` for all. */
  readonly times?: number | undefined
  /** Performs the call before it fails, so that only the response is lost; false by default. */
  readonly afterwards?: boolean | undefined
  /** Makes the thrown error; by default a retryable SHARD_STORE. */
  readonly error?: ((call: StoreCall) => unknown) | undefined
}

/**
 * Wraps a store so that some calls fail: before anything is done or, with `afterwards`, after the
 * work is done.
 */
export function faultyStore<S extends ObjectStore>(store: S, options: StoreFaultOptions): S {
  const { strikes, times = 1, afterwards = false, error = storeFault } = options
  let left = times
  const strike = (call: StoreCall): void => {
    if (left <= 0 || !strikes(call)) return
    left--
    throw error(call)
  }
  return interceptStore(store, afterwards ? { after: strike } : { before: strike })
}

function shardAttempt(url: string): ShardAttempt | undefined {
  const [, shard, attempt] = /(\d+)\/attempt=(\d+)$/.exec(url) ?? []
  return shard === undefined ? undefined : { url, shard: Number(shard), attempt: Number(attempt) }
}

function engineFault({ shard, attempt }: ShardAttempt): ShardyfusionError {
  return engineError('fault injection', `attempt ${attempt} at shard ${shard} fails`, {
    peer: 'ShardWriteError',
    retryable: true,
  })
}

function storeFault({ operation, url }: StoreCall): ShardyfusionError {
  return storeError('fault injection', `${operation} of ${url} fails`, {
    peer: 'S3TransientError',
    retryable: true,
  })
}
