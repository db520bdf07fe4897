import type { FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { BufferPool } from '../../chunk/buffer-pool.js'
import { storeError } from '../../errors/error-factories.js'
import type { ScratchSpace } from '../../engine/engine.js'
import { openUnnamedFile, type UnnamedFile } from './unnamed-file.js'

/** Sizes of buffers that are used again are powers of two from this one, so that they fit. */
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

/** Bytes of an object that follow each other in the file. */
interface Extent {
  readonly at: number
  readonly bytes: number
}

/** Objects one after the other in a file; the space of deleted ones is not used again. */
class ScratchFile implements ScratchSpace {
  readonly #folder: string
  readonly #buffers: BufferPool
  readonly #file: UnnamedFile
  readonly #places = new Map<string, Extent[]>()
  #end = 0
  /** True if the caller returns buffers: new ones for all reads would keep the garbage collector busy. */
  #isReusing = false

  constructor(folder: string, buffers: BufferPool, file: UnnamedFile) {
    this.#folder = folder
    this.#buffers = buffers
    this.#file = file
  }

  put(name: string, bytes: Uint8Array): Promise<void> {
    this.#places.delete(name)
    return this.append(name, bytes)
  }

  async append(name: string, bytes: Uint8Array): Promise<void> {
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
    const extents = this.#places.get(name) ?? []
    const last = extents.at(-1)
    if (last !== undefined && last.at + last.bytes === at) {
      extents[extents.length - 1] = { at: last.at, bytes: last.bytes + bytes.length }
    } else extents.push({ at, bytes: bytes.length })
    this.#places.set(name, extents)
  }

  async get(name: string, start: number, end: number): Promise<Uint8Array | undefined> {
    const extents = this.#places.get(name)
    if (extents === undefined) return undefined
    const size = extents.reduce((sum, extent) => sum + extent.bytes, 0)
    const length = Math.max(0, Math.min(end, size) - start)
    const buffer = this.#isReusing
      ? this.#buffers.take(bufferBytes(length))
      : new ArrayBuffer(length)
    const bytes = new Uint8Array(buffer, 0, length)
    try {
      await this.#fill(bytes, extents, start)
    } catch (error) {
      throw scratchError(this.#folder, error)
    }
    return bytes
  }

  async #fill(bytes: Uint8Array, extents: readonly Extent[], start: number): Promise<void> {
    let done = 0
    let skipped = start
    for (const extent of extents) {
      while (done < bytes.length && skipped < extent.bytes) {
        const length = Math.min(bytes.length - done, extent.bytes - skipped)
        const from = extent.at + skipped
        const { bytesRead } = await this.#handle.read(bytes, done, length, from)
        if (bytesRead === 0) throw new Error(`the file ends at ${from}`)
        done += bytesRead
        skipped += bytesRead
      }
      skipped -= extent.bytes
    }
  }

  release({ buffer }: Uint8Array<ArrayBuffer>): void {
    this.#isReusing = true
    if (buffer.byteLength === bufferBytes(buffer.byteLength)) this.#buffers.give(buffer)
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

function bufferBytes(length: number): number {
  let bytes = BUFFER_BYTES
  while (bytes < length) bytes *= 2
  return bytes
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
