import type { FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { chunkFromBuffer } from '../../chunk/chunk-from-buffer.js'
import { EntryChunk } from '../../chunk/entry-chunk.js'
import type { VectorChunk } from '../../chunk/vector-chunk.js'
import type { ShardyfusionError } from '../../errors.js'
import { storeError } from '../../errors/error-factories.js'
import { openUnnamedFile, type UnnamedFile } from './unnamed-file.js'

/** Stores the batches of one shard for another attempt. */
export interface ShardSpool {
  append(chunk: EntryChunk | VectorChunk): Promise<void>
  /** Every batch so far, in order; the copies belong to the caller. */
  batches(): AsyncIterable<EntryChunk | VectorChunk>
}

/**
 * Stores the batches of a build on local disk until their shards are sealed.
 *
 * Memory: 16 bytes a batch. Disk: about the bytes of all keys and values, once, in a file without a
 * name, which does not outlive the process. Errors: SHARD_STORE with `details.errno`, not
 * retryable: another attempt would need the spool as well.
 */
export class Spool {
  readonly #file: UnnamedFile
  readonly #directory: string
  #end = 0

  private constructor(file: UnnamedFile, directory: string) {
    this.#file = file
    this.#directory = directory
  }

  /** `directory` must exist; by default that for temporary files. */
  static async open(directory: string = tmpdir()): Promise<Spool> {
    try {
      return new Spool(await openUnnamedFile(directory, 'spool'), directory)
    } catch (error) {
      throw spoolError(directory, error)
    }
  }

  shard(): ShardSpool {
    // Offset of each batch, and its length.
    const places: number[] = []
    return {
      append: async (chunk) => {
        const own = chunk instanceof EntryChunk ? chunk.slice(0) : chunk
        const bytes = new Uint8Array(own.buffer)
        // Reserve the range before any wait: other shards append at the same time.
        const at = this.#end
        this.#end += bytes.length
        places.push(at, bytes.length)
        await this.#write(bytes, at)
      },
      batches: () => this.#batches(places),
    }
  }

  /** Frees the disk space; nothing may be appended or read any more. */
  async close(): Promise<void> {
    await this.#file.close()
  }

  async *#batches(places: readonly number[]): AsyncGenerator<EntryChunk | VectorChunk> {
    for (let i = 0; i < places.length; i += 2) {
      const bytes = new Uint8Array(places[i + 1]!)
      await this.#read(bytes, places[i]!)
      yield chunkFromBuffer(bytes.buffer)
    }
  }

  async #write(bytes: Uint8Array, at: number): Promise<void> {
    try {
      for (let done = 0; done < bytes.length;) {
        const { bytesWritten } = await this.#handle.write(
          bytes,
          done,
          bytes.length - done,
          at + done,
        )
        done += bytesWritten
      }
    } catch (error) {
      throw spoolError(this.#directory, error)
    }
  }

  async #read(bytes: Uint8Array, at: number): Promise<void> {
    try {
      for (let done = 0; done < bytes.length;) {
        const { bytesRead } = await this.#handle.read(bytes, done, bytes.length - done, at + done)
        if (bytesRead === 0) throw new Error(`the file ends at ${at + done}`)
        done += bytesRead
      }
    } catch (error) {
      throw spoolError(this.#directory, error)
    }
  }

  get #handle(): FileHandle {
    return this.#file.handle
  }
}

function spoolError(directory: string, cause: unknown): ShardyfusionError {
  const { code: errno, message } = cause as NodeJS.ErrnoException
  return storeError(
    'SnapshotWriter',
    `rows could not be stored for another attempt in ${JSON.stringify(directory)} (${errno ?? message}); ` +
      'set spoolDirectory to a folder that exists and has room for all keys and values, or omit retry',
    {
      peer: 'ShardWriteError',
      cause,
      details: { directory, ...(errno !== undefined && { errno }) },
    },
  )
}
