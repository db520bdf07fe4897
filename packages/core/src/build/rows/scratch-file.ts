import type { FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { BufferPool } from '../../chunk/buffer-pool.js'
import { storeError } from '../../errors/error-factories.js'
import type { ScratchSpace } from '../../engine/engine.js'
import { openUnnamedFile, type UnnamedFile } from './unnamed-file.js'

/** Sizes of buffers that are used again are multiples of it, so that they fit. */
const BUFFER_BYTES = 16 * 1024

/**
 * Makes the function by which an engine opens its temporary space: a file in `folder`, the system's
 * folder for temporary files by default, which does not outlive the process.
 */
export function scratchFiles(folder: string = tmpdir()): () => Promise<ScratchSpace> {
  const buffers = new BufferPool()
  return async () => {
    try {
      return new ScratchFile(folder, buffers, await openUnnamedFile(folder, 'scratch'))
    } catch (error) {
      throw scratchError(folder, error)
    }
  }
}

/** Objects one after the other in a file; the space of deleted ones is not used again. */
class ScratchFile implements ScratchSpace {
  readonly #folder: string
  readonly #buffers: BufferPool
  readonly #file: UnnamedFile
  readonly #places = new Map<string, { readonly at: number; readonly bytes: number }>()
  #end = 0
  /** True if the caller returns buffers: new ones for all reads would keep the garbage collector busy. */
  #isReusing = false

  constructor(folder: string, buffers: BufferPool, file: UnnamedFile) {
    this.#folder = folder
    this.#buffers = buffers
    this.#file = file
  }

  async put(name: string, bytes: Uint8Array): Promise<void> {
    const at = this.#end
    this.#end += bytes.length
    try {
      for (let done = 0; done < bytes.length;) {
        const rest = bytes.length - done
        done += (await this.#handle.write(bytes, done, rest, at + done)).bytesWritten
      }
    } catch (error) {
      throw scratchError(this.#folder, error)
    }
    this.#places.set(name, { at, bytes: bytes.length })
  }

  async get(name: string, start: number, end: number): Promise<Uint8Array | undefined> {
    const place = this.#places.get(name)
    if (place === undefined) return undefined
    const length = Math.max(0, Math.min(end, place.bytes) - start)
    const buffer = this.#isReusing
      ? this.#buffers.take(Math.ceil(length / BUFFER_BYTES) * BUFFER_BYTES)
      : new ArrayBuffer(length)
    const bytes = new Uint8Array(buffer, 0, length)
    try {
      for (let done = 0; done < bytes.length;) {
        const rest = bytes.length - done
        const from = place.at + start + done
        const { bytesRead } = await this.#handle.read(bytes, done, rest, from)
        if (bytesRead === 0) throw new Error(`the file ends at ${from}`)
        done += bytesRead
      }
    } catch (error) {
      throw scratchError(this.#folder, error)
    }
    return bytes
  }

  release({ buffer }: Uint8Array<ArrayBuffer>): void {
    this.#isReusing = true
    if (buffer.byteLength % BUFFER_BYTES === 0) this.#buffers.give(buffer)
  }

  delete(name: string): Promise<void> {
    this.#places.delete(name)
    return Promise.resolve()
  }

  async close(): Promise<void> {
    await this.#file.close()
  }

  get #handle(): FileHandle {
    return this.#file.handle
  }
}

function scratchError(folder: string, error: unknown): Error {
  const { code: errno, message } = error as NodeJS.ErrnoException
  return storeError(
    'SnapshotWriter',
    `rows that exceed memoryBytes could not be stored in ${JSON.stringify(folder)} (${errno ?? message}); make ` +
      'room there, set spoolDirectory to a folder that has it, or raise memoryBytes',
    { cause: error, details: { directory: folder, ...(errno !== undefined && { errno }) } },
  )
}
