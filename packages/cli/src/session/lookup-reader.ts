import type {
  Key,
  KeyEncoding,
  ReadOptions,
  ReaderHealth,
  SnapshotInfo,
  SnapshotReaderOptions,
} from '@shardyfusion/core'
import { ShardyfusionError, SnapshotReader } from '@shardyfusion/core/internal-read'
import { isLibraryError } from '../util/describe-error.js'
import { registerEngines } from './library.js'

/** Options of a reader of undecoded values. */
export type BytesReaderOptions = Omit<SnapshotReaderOptions, 'values' | 'schema' | 'keys'>

/** The part of a reader that looks up keys, in this thread or in a worker. */
export interface LookupReader {
  readonly keyEncoding: KeyEncoding
  get(
    key: Key,
    options?: Pick<ReadOptions, 'context'>,
  ): Uint8Array | undefined | Promise<Uint8Array | undefined>
  getMany(
    keys: readonly Key[],
    options?: Pick<ReadOptions, 'context'>,
  ): (Uint8Array | undefined)[] | Promise<(Uint8Array | undefined)[]>
  info(): Pick<SnapshotInfo, 'fellBack' | 'valueCodec'>
  health(): Pick<ReaderHealth, 'reason'>
  close(): void | Promise<void>
}

/**
 * Opens a reader in this thread. A worker takes longer to start than one lookup.
 *
 * Errors: those of `SnapshotReader`; SHARD_TIMEOUT if a call takes longer than `timeoutMs`.
 */
export async function openLookupReader(
  options: BytesReaderOptions,
  timeoutMs: number | undefined,
): Promise<LookupReader> {
  const open = () =>
    bounded('SnapshotReader.open', timeoutMs, (signal) =>
      SnapshotReader.open({ ...options, signal }),
    )
  const opened = await open().catch(async (error: unknown) => {
    if (!isLibraryError(error) || error.code !== 'SHARD_ENGINE') throw error
    // Its format is that of another package; most snapshots need none, and start faster without them.
    await registerEngines()
    return open()
  })
  return {
    keyEncoding: opened.keyEncoding,
    get: (key, { context } = {}) =>
      bounded('SnapshotReader.get', timeoutMs, (signal) => opened.get(key, { context, signal })),
    getMany: (keys, { context } = {}) =>
      bounded('SnapshotReader.getMany', timeoutMs, (signal) =>
        opened.getMany(keys, { context, signal }),
      ),
    info: () => opened.info(),
    health: () => opened.health(),
    close: () => opened.close(),
  }
}

async function bounded<T>(
  where: string,
  timeoutMs: number | undefined,
  call: (signal: AbortSignal | undefined) => Promise<T>,
): Promise<T> {
  if (timeoutMs === undefined) return call(undefined)
  const aborting = new AbortController()
  const expired = new ShardyfusionError(
    'SHARD_TIMEOUT',
    `${where}: no reply within ${timeoutMs} ms; raise --timeout-ms`,
    { retryable: true, details: { timeoutMs } },
  )
  const timer = setTimeout(() => aborting.abort(expired), timeoutMs)
  try {
    return await call(aborting.signal)
  } finally {
    clearTimeout(timer)
  }
}
