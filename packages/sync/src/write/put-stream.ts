import type { EntryChunk } from '@shardyfusion/core'
import { ChunkBuilder, decodeError, unpackErrors } from '@shardyfusion/core/internal'
import type { CallLimits } from '../bridge/sleep.js'
import type { BridgeHandle } from '../bridge/bridge-handle.js'
import type { Listeners } from '../options.js'
import { type PutMail, type RoutedRow, wireChunk, type WriterMail } from '../protocol/streams.js'

export interface PutStreamOptions {
  /** Size of a chunk that crosses. */
  readonly chunkEntries: number
  readonly chunkBytes: number
  readonly listeners?: Listeners
}

/** Packs entries into chunks and moves them to a writer in the worker, which puts them while the next ones fill. */
export class PutStream {
  readonly #handle: BridgeHandle
  readonly #options: PutStreamOptions
  readonly #builder: ChunkBuilder
  #rows: RoutedRow[] = []
  /** Number of the first entry in the builder. */
  #first = 0
  #underWay = 0
  #failure: { readonly error: unknown } | undefined

  constructor(handle: BridgeHandle, options: PutStreamOptions) {
    this.#handle = handle
    this.#options = options
    this.#builder = new ChunkBuilder(Math.min(options.chunkEntries, 1024), 16 * 1024)
    handle.bridge.listen(handle.id, (mail) => this.#take(mail as WriterMail))
  }

  /** Entries taken so far. */
  get count(): number {
    return this.#first + this.#builder.count
  }

  /** Takes an entry; waits only when `bufferBytes` are under way. `row` when its stored key does not route it. */
  push(key: Uint8Array, value: Uint8Array, row: RoutedRow | undefined, limits: CallLimits): void {
    this.#throwIfFailed()
    const { chunkEntries, chunkBytes } = this.#options
    this.#builder.push(key, value)
    if (row !== undefined) this.#rows.push(row)
    if (this.#builder.count < chunkEntries && this.#builder.bytes < chunkBytes) return
    this.flush(limits)
  }

  /** Takes a whole chunk; it is copied and stays the caller's. */
  pushChunk(chunk: EntryChunk, limits: CallLimits): void {
    this.#throwIfFailed()
    this.flush(limits)
    this.#send(chunk.slice(0), [], limits)
  }

  /** Sends what is packed. */
  flush(limits: CallLimits): void {
    this.#throwIfFailed()
    if (this.#builder.count === 0) return
    const rows = this.#rows
    this.#rows = []
    this.#send(this.#builder.finish(), rows, limits)
  }

  /** Nothing can be put any more, for this reason. */
  fail(error: unknown): void {
    this.#failure ??= { error }
  }

  #send(chunk: EntryChunk, rows: readonly RoutedRow[], limits: CallLimits): void {
    const { bridge, id, options } = this.#handle
    const first = this.#first
    this.#first += chunk.count
    this.#underWay += chunk.buffer.byteLength
    const mail: PutMail = { chunk: wireChunk(chunk), first, ...(rows.length > 0 ? { rows } : {}) }
    bridge.post(id, mail, [chunk.buffer])
    try {
      bridge.deliver(limits.where)
      bridge.waitFor(() => this.#underWay <= options.bufferBytes, limits)
    } catch (error) {
      this.fail(error)
    }
    this.#throwIfFailed()
  }

  #take(mail: WriterMail): void {
    if ('taken' in mail) this.#underWay -= mail.taken
    else if ('event' in mail) {
      this.#options.listeners?.[mail.event]?.(unpackErrors(mail.value))
    } else this.fail(decodeError(mail.error))
  }

  #throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure.error
  }
}
