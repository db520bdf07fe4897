import pLimit from 'p-limit'
import { isShardyfusionError, type ShardyfusionError } from '../../errors.js'
import { publishError } from '../../errors/error-factories.js'
import type { ObjectStore } from '../../store/object-store.js'
import { delay as defaultDelay } from '../../async/delay.js'
import type { ManifestRef, ManifestStore } from './manifest-store.js'
import { isPublishConflict, publishConflict } from './publication-guard.js'
import type { Manifest } from '../manifest/manifest.js'

/** Delays before the retries of the pointer, in milliseconds (wire-format §7.2). */
const POINTER_RETRY_DELAYS_MS = [1000, 2000]

/** Number of shards made durable at the same time. */
const SYNC_CONCURRENCY = 8

export interface PublishManifestOptions {
  /** The store of the shards and their URLs; they are made durable before anything names them. */
  readonly objects?: ObjectStore | undefined
  readonly shardUrls?: readonly string[] | undefined
  /** The ref that must be current until the pointer moves; without it, the last publisher wins. */
  readonly expectedCurrent?: string | undefined
  readonly signal?: AbortSignal | undefined
  /** Called before each wait for another attempt to write the pointer. */
  readonly onRetry?: ((retry: PointerRetry) => void) | undefined
  /** Waits; uses timers by default. */
  readonly delay?: ((ms: number, signal?: AbortSignal) => Promise<void>) | undefined
}

/** One failed attempt to write the pointer, and the delay before the next. */
export interface PointerRetry {
  /** 1 for the first call of `setCurrent`. */
  readonly attempt: number
  readonly delayMs: number
  readonly error: unknown
}

/**
 * Makes a snapshot visible: makes the shards durable, then stores the manifest, then the pointer.
 *
 * A failed pointer is retried up to three times, because the manifest is already stored. Errors:
 * SHARD_PUBLISH (peer PublishManifestError), retryable; with
 * `details.conflict` if another manifest than `expectedCurrent` is current; SHARD_MANIFEST for a manifest that breaks
 * the format; the signal's reason, after which the pointer may or may not have been written.
 * Source: wire-format §7.1, §7.2.
 */
export async function publishManifest(
  store: ManifestStore,
  manifest: Manifest,
  options: PublishManifestOptions = {},
): Promise<ManifestRef> {
  const { signal, expectedCurrent } = options
  await syncShards(manifest, options)
  try {
    if (expectedCurrent !== undefined) {
      // A catalog of the caller may know nothing of the option.
      const current = await store.loadCurrent({ signal })
      if (current?.ref !== expectedCurrent)
        throw publishConflict('publishManifest', expectedCurrent, current?.ref)
    }
    return await store.publish(manifest, { signal, expectedCurrent })
  } catch (error) {
    signal?.throwIfAborted()
    const manifestRef = refOfFailedPointer(error)
    if (manifestRef !== undefined) return retryPointer(store, manifest, manifestRef, options)
    if (isShardyfusionError(error) && error.code !== 'SHARD_STORE') throw error
    throw unpublished(manifest, 'its manifest could not be written', error)
  }
}

async function syncShards(
  manifest: Manifest,
  { objects, shardUrls = [], signal }: PublishManifestOptions,
): Promise<void> {
  if (objects?.sync === undefined) return
  const limit = pLimit({ concurrency: SYNC_CONCURRENCY, rejectOnClear: true })
  try {
    await limit.map(shardUrls, (url) => objects.sync!(url, { signal }))
  } catch (cause) {
    signal?.throwIfAborted()
    throw unpublished(manifest, 'its shards could not be made durable', cause)
  } finally {
    limit.clearQueue()
  }
}

async function retryPointer(
  store: ManifestStore,
  manifest: Manifest,
  manifestRef: string,
  { signal, expectedCurrent, onRetry, delay = defaultDelay }: PublishManifestOptions,
): Promise<ManifestRef> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await store.setCurrent(manifestRef, { signal, expectedCurrent })
    } catch (error) {
      signal?.throwIfAborted()
      if (isPublishConflict(error)) throw error
      const delayMs = POINTER_RETRY_DELAYS_MS[attempt - 1]
      if (delayMs === undefined) {
        throw unpublished(
          manifest,
          `the pointer to ${manifestRef} could not be written`,
          error,
          manifestRef,
        )
      }
      onRetry?.({ attempt, delayMs, error })
      await delay(delayMs, signal)
    }
  }
}

/** Returns the ref if the manifest is stored and only the pointer is missing. */
function refOfFailedPointer(error: unknown): string | undefined {
  if (!isShardyfusionError(error) || error.details.peer !== 'PublishCurrentError') return undefined
  const { manifestRef } = error.details
  return typeof manifestRef === 'string' ? manifestRef : undefined
}

function unpublished(
  manifest: Manifest,
  problem: string,
  cause: unknown,
  manifestRef?: string,
): ShardyfusionError {
  return publishError(
    'publishManifest',
    `run ${manifest.runId} is not published: ${problem}; publish it again`,
    {
      retryable: true,
      details: { runId: manifest.runId, ...(manifestRef === undefined ? {} : { manifestRef }) },
      cause,
    },
  )
}
