import { MemoryStore, type ObjectUpload } from 'slatedb-wasm'

/** A memory store that takes objects in pieces, and answers later, as a file system does. */
export class UploadStore extends MemoryStore {
  /** Sizes of all pieces. */
  readonly pieces: number[] = []
  completed = 0
  aborted = 0
  /** Called before a piece is stored. */
  onWrite: () => Promise<void> = () => new Promise((resolve) => setImmediate(resolve))

  upload(path: string): ObjectUpload {
    const copies: Uint8Array[] = []
    return {
      write: async (bytes) => {
        await this.onWrite()
        this.pieces.push(bytes.length)
        copies.push(bytes.slice())
        // As if the buffer had been given to another call.
        bytes.fill(0xff)
      },
      complete: () => {
        this.completed++
        this.put(path, Buffer.concat(copies))
      },
      abort: () => {
        this.aborted++
      },
    }
  }
}
