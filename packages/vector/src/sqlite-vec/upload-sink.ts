import type { SqliteSink } from 'sqlite-file'
import type { ObjectUpload } from '@shardyfusion/core/extend'

/** Passes the pages of a new file to an upload; its first page comes last, as the head. */
export class UploadSink implements SqliteSink {
  readonly #upload: ObjectUpload
  #started = false
  #head: Uint8Array | undefined

  constructor(upload: ObjectUpload) {
    this.#upload = upload
  }

  async write(bytes: Uint8Array, offset: number): Promise<void> {
    if (offset === 0) {
      this.#head = bytes
      return
    }
    if (!this.#started) await this.#upload.write(new Uint8Array(offset))
    this.#started = true
    await this.#upload.write(bytes)
  }

  async complete(): Promise<void> {
    if (!this.#started) await this.#upload.write(this.#head!)
    await this.#upload.complete(this.#head)
  }
}
