import type { EntryChunk } from '@shardyfusion/core'
import type { ResumableScan, ScanPosition } from '@shardyfusion/core/extend'
import { encodeError } from '@shardyfusion/core/internal'
import { type ScanCredit, type ScanMail, type ScanParking, wireChunk } from '../protocol/streams.js'
import type { WorkerLink } from './worker-link.js'

/** A scan of core. */
type ChunkScan = ReturnType<ResumableScan['open']>

/**
 * Reads ahead of the caller of a scan, a chunk at a time, while there is credit.
 *
 * A parked scan holds its snapshot and its position, and no engine resources.
 */
export class ScanProducer {
  readonly #link: WorkerLink
  readonly #id: number
  readonly #resumable: ResumableScan
  #scan: ChunkScan | undefined
  #position: ScanPosition | undefined
  /** Chunks posted since the beginning of the scan, those of earlier parts included that the caller has taken. */
  #chunks = 0
  /** Chunks with which another shard began, and how many shards were finished then; for unordered scans. */
  readonly #shardStarts: { readonly chunk: number; readonly passed: number }[] = []
  #part = 0
  #credit = 0
  #filling: Promise<void> | undefined
  #ended = false
  #closed = false

  constructor(link: WorkerLink, id: number, resumable: ResumableScan) {
    this.#link = link
    this.#id = id
    this.#resumable = resumable
  }

  take(mail: ScanCredit | ScanParking): void {
    if ('park' in mail) this.#park(mail.park)
    else {
      this.#credit += mail.credit
      this.#fillIfDue()
    }
  }

  /** Ends the scan, after the chunk that is being read. */
  async close(): Promise<void> {
    this.#closed = true
    this.#part++
    await this.#filling
    await this.#release()
    this.#resumable.close()
  }

  #fillIfDue(): void {
    if (this.#filling !== undefined || this.#ended || this.#closed || this.#credit <= 0) return
    this.#filling = this.#fill(this.#part).finally(() => {
      this.#filling = undefined
      // Credit that arrived while a parked part read its last chunk.
      this.#fillIfDue()
    })
    this.#link.track(this.#filling)
  }

  #park({ chunks, entries, key }: ScanParking['park']): void {
    this.#part++
    this.#credit = 0
    this.#ended = false
    this.#chunks = chunks
    while ((this.#shardStarts.at(-1)?.chunk ?? -1) >= chunks) this.#shardStarts.pop()
    const passed = this.#shardStarts.at(-1)?.passed ?? 0
    this.#position = key === undefined ? undefined : { key, entries, passed }
    // After the chunk that is being read, if any.
    if (this.#filling === undefined) this.#link.track(this.#release().catch(() => {}))
  }

  async #fill(part: number): Promise<void> {
    try {
      const scan = (this.#scan ??= this.#resumable.open(this.#position))
      while (this.#credit > 0 && part === this.#part) {
        const chunk = await scan.nextChunk()
        if (part !== this.#part) break
        if (chunk === undefined) {
          this.#ended = true
          this.#post({ end: true, part })
          return
        }
        this.#note(scan, chunk)
        this.#post({ ...wireChunk(chunk), part })
      }
    } catch (error) {
      if (part === this.#part) {
        this.#ended = true
        this.#post({ error: encodeError(error), part })
      }
    }
    if (part !== this.#part && !this.#closed) await this.#release().catch(() => {})
  }

  #note(scan: ChunkScan, chunk: EntryChunk): void {
    this.#credit -= chunk.buffer.byteLength
    const { passed } = scan
    if (passed !== (this.#shardStarts.at(-1)?.passed ?? 0))
      this.#shardStarts.push({ chunk: this.#chunks, passed })
    this.#chunks++
  }

  async #release(): Promise<void> {
    const scan = this.#scan
    this.#scan = undefined
    await scan?.return()
  }

  #post(mail: ScanMail): void {
    this.#link.post(this.#id, mail, 'buffer' in mail ? [mail.buffer] : [])
  }
}
