import { loadCode } from '../errors/load-code.js'
import type { EntryChunk } from '../chunk/entry-chunk.js'
import type { KeyEncoding, KeyOf } from '../types.js'
import type { SealedShard } from './sealed-shard.js'
import type { ShardBuild } from './shard-build.js'
import type { ShardWriterOptions } from './shard-writer-options.js'

/**
 * Writes one shard at `url`: a SlateDB database, or what its engine stores.
 *
 * Shape: keys are encoded by `keyEncoding` (default `u64be`); the last write of a key wins. Errors:
 * SHARD_INVALID_OPTION, SHARD_TIMEOUT if storage does not answer; after `seal()` or `close()`
 * SHARD_CLOSED.
 *
 * @example
 * await using shard = await ShardWriter.open({ url: 'file:///data/shard-0' })
 * await shard.put(42n, bytes)
 * const { rowCount, checkpointId } = await shard.seal()
 */
export class ShardWriter<E extends KeyEncoding = KeyEncoding> implements AsyncDisposable {
  /** URL of the shard. */
  readonly url: string
  /** How keys are stored. */
  readonly keyEncoding: KeyEncoding
  readonly #build: ShardBuild<E>

  private constructor(build: ShardBuild<E>) {
    this.url = build.url
    this.keyEncoding = build.keyEncoding
    this.#build = build
  }

  /** Opens a writer of one shard. Errors: SHARD_INVALID_OPTION, SHARD_TIMEOUT. */
  static async open<E extends KeyEncoding = 'u64be'>(
    options: ShardWriterOptions & { keyEncoding?: E | undefined },
  ): Promise<ShardWriter<E>> {
    // Loaded here, because programs that only read do not need the code of builds.
    const loaded = await loadCode(import('./shard-build.js'), 'ShardWriter.open')
    return new ShardWriter(await loaded.ShardBuild.open<E>(options))
  }

  /**
   * Adds an entry; resolves at once unless a full batch has to wait for the previous one.
   *
   * Errors: SHARD_INVALID_KEY, SHARD_INVALID_VALUE (nothing is lost or written), or the failure of
   * an earlier batch.
   */
  put(key: KeyOf<E>, value: Uint8Array): Promise<void> {
    return this.#build.put(key, value)
  }

  /**
   * Adds all entries of a chunk, whose keys are stored bytes already; the chunk is copied and stays
   * the caller's.
   */
  putChunk(chunk: EntryChunk): Promise<void> {
    return this.#build.putChunk(chunk)
  }

  /**
   * Resolves when the engine has taken everything put so far. An engine with `supports.incrementalFlush`,
   * such as the native one, has then stored it; others store rows when the shard is sealed.
   */
  flush(): Promise<void> {
    return this.#build.flush()
  }

  /** Finishes the shard: stores everything in tables and releases the engine. No put may follow. */
  seal(): Promise<SealedShard> {
    return this.#build.seal()
  }

  /**
   * Releases the engine, after a running `seal()`; without a seal the shard is unfinished.
   * Idempotent.
   */
  close(): Promise<void> {
    return this.#build.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
