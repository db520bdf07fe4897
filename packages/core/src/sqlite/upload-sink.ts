import type { SqliteSink } from 'sqlite-file'
import type { ObjectStore, ObjectUpload } from '../store/object-store.js'
import { openUpload } from '../store/upload/open-upload.js'

/** Writes a file to a store front to back; the first page, which comes last, replaces a placeholder. */
export class UploadSink implements SqliteSink {
  readonly #objects: ObjectStore
  readonly #url: string
  #upload: ObjectUpload | undefined
  #head: Uint8Array | undefined

  constructor(objects: ObjectStore, url: string) {
    this.#objects = objects
    this.#url = url
  }

  async write(bytes: Uint8Array, offset: number): Promise<void> {
    if (this.#upload !== undefined) {
      if (offset === 0) this.#head = bytes
      else await this.#upload.write(bytes)
      return
    }
    this.#upload = await openUpload(this.#objects, this.#url)
    // The first call has the second page, unless the file has only one.
    if (offset > 0) await this.#upload.write(new Uint8Array(offset))
    await this.#upload.write(bytes)
  }

  /** Makes the file visible. */
  async complete(): Promise<void> {
    await this.#upload!.complete(this.#head)
  }

  /** Removes what was written; does nothing after `complete`. */
  async abort(): Promise<void> {
    await this.#upload?.abort()
  }
}
