import type { FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { EntryChunk } from '../../chunk/entry-chunk.js'
import type { ShardyfusionError } from '../../errors.js'
import { storeError } from '../../errors/error-factories.js'
import { openUnnamedFile, type UnnamedFile } from './unnamed-file.js'

/** Keeps the batches of one shard, to be written once more. */
export interface ShardSpool {
  append(chunk: EntryChunk): Promise<void>
  /** Every batch so far, in order, as copies. */
  batches(): AsyncIterable<EntryChunk>
}

/**
 * The batches of a build, on local disk until their shards are sealed.
 *
 * Memory: 16 bytes a batch. Disk: about the bytes of all keys and values, once, in a file without a name, which does not
 * outlive the process.
 * Errors: SHARD_STORE with `details.errno`, not retryable: another attempt would need the spool as well.
 */
export class Spool {
  readonly #file: UnnamedFile
  readonly #directory: string
  #end = 0

  private constructor(file: UnnamedFile, directory: string) {
    this.#file = file
    this.#directory = directory
  }

  /** `directory` must exist; that for temporary files by default. */
  static async open(directory: string = tmpdir()): Promise<Spool> {
    try {
      return new Spool(await openUnnamedFile(directory, 'spool'), directory)
    } catch (error) {
      throw spoolError(directory, error)
    }
  }

  shard(): ShardSpool {
    // Where each batch begins, and its length.
    const places: number[] = []
    return {
      append: async (chunk) => {
        const bytes = new Uint8Array(chunk.slice(0).buffer)
        // Taken before any wait, because other shards append in the meantime.
        const at = this.#end
        this.#end += bytes.length
        places.push(at, bytes.length)
        await this.#write(bytes, at)
      },
      batches: () => this.#batches(places),
    }
  }

  /** Gives the disk space back; nothing may be appended or read any more. */
  async close(): Promise<void> {
    await this.#file.close()
  }

  async *#batches(places: readonly number[]): AsyncGenerator<EntryChunk> {
    for (let i = 0; i < places.length; i += 2) {
      const bytes = new Uint8Array(places[i + 1]!)
      await this.#read(bytes, places[i]!)
      yield EntryChunk.fromBuffer(bytes.buffer)
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
    `rows could not be kept for another attempt in ${JSON.stringify(directory)} (${errno ?? message}); ` +
      'give a spoolDirectory that exists and has room for all keys and values, or leave retry out',
    {
      peer: 'ShardWriteError',
      cause,
      details: { directory, ...(errno !== undefined && { errno }) },
    },
  )
}
