import type { EntryChunk } from '@shardyfusion/core'
import { encodeError } from '../protocol/wire-error.js'
import { type ScanMail, wireChunk } from '../protocol/streams.js'
import type { WorkerLink } from '../bridge/worker-link.js'

/** What a scan of core offers here. */
interface ChunkScan {
  nextChunk(): Promise<EntryChunk | undefined>
  return(): Promise<unknown>
}

/** Reads ahead of the caller of a scan, a chunk at a time, as far as the caller has given credit. */
export class ScanProducer {
  readonly #link: WorkerLink
  readonly #id: number
  readonly #scan: ChunkScan
  #credit = 0
  #filling: Promise<void> | undefined
  #ended = false

  constructor(link: WorkerLink, id: number, scan: ChunkScan) {
    this.#link = link
    this.#id = id
    this.#scan = scan
  }

  /** Bytes that may be posted further; the last chunk may exceed them. */
  addCredit(bytes: number): void {
    this.#credit += bytes
    if (this.#filling !== undefined || this.#ended || this.#credit <= 0) return
    this.#filling = this.#fill().finally(() => {
      this.#filling = undefined
    })
    this.#link.track(this.#filling)
  }

  /** Ends the scan, after the chunk that is being read. */
  async close(): Promise<void> {
    this.#ended = true
    await this.#filling
    await this.#scan.return()
  }

  async #fill(): Promise<void> {
    try {
      while (this.#credit > 0 && !this.#ended) {
        const chunk = await this.#scan.nextChunk()
        if (this.#ended) return
        if (chunk === undefined) {
          this.#ended = true
          this.#post({ end: true })
          return
        }
        this.#credit -= chunk.buffer.byteLength
        this.#post(wireChunk(chunk))
      }
    } catch (error) {
      this.#ended = true
      this.#post({ error: encodeError(error) })
    }
  }

  #post(mail: ScanMail): void {
    this.#link.post(this.#id, mail, 'buffer' in mail ? [mail.buffer] : [])
  }
}
