import type { EntryChunk } from '@shardyfusion/core'
import { ChunkBuilder, VectorChunkBuilder, type VectorRow } from '@shardyfusion/core/internal'
import type { CallLimits } from '../bridge/sleep.js'
import type { BridgeHandle } from '../bridge/bridge-handle.js'
import type { Listeners } from '../options.js'
import { type PutMail, type RoutedRow, wireChunk, type WireVectors } from '../protocol/streams.js'
import { Outbox } from './outbox.js'

const NOTHING = new Uint8Array(0)

export interface PutStreamOptions {
  /** Size of a chunk that crosses. */
  readonly chunkEntries: number
  readonly chunkBytes: number
  readonly listeners?: Listeners
}

/** Packs entries into chunks and moves them to a writer in the worker, which puts them while the next ones fill. */
export class PutStream {
  readonly #outbox: Outbox
  readonly #options: PutStreamOptions
  readonly #builder: ChunkBuilder
  #rows: RoutedRow[] = []
  /** Entries of the builder that delete their key. */
  #deleted: number[] = []
  #vectors: VectorChunkBuilder | undefined
  /** Numbers of the rows that have vectors, in the chunk. */
  #vectorRows: number[] = []
  /** Number of the first entry in the builder. */
  #first = 0

  constructor(handle: BridgeHandle, options: PutStreamOptions) {
    this.#options = options
    this.#outbox = new Outbox(handle, options.listeners)
    this.#builder = new ChunkBuilder(Math.min(options.chunkEntries, 1024), 16 * 1024)
  }

  /** Entries taken so far. */
  get count(): number {
    return this.#first + this.#builder.count
  }

  /**
   * Takes an entry; waits only when `bufferBytes` are under way. `row` when its stored key does not route it, and for
   * rows with vectors.
   */
  push(
    key: Uint8Array,
    value: Uint8Array,
    row: RoutedRow | undefined,
    limits: CallLimits,
    vector?: VectorRow,
  ): void {
    this.#outbox.throwIfFailed()
    const { chunkEntries, chunkBytes } = this.#options
    if (vector !== undefined) this.#pushVector(vector)
    this.#builder.push(key, value)
    if (row !== undefined) this.#rows.push(row)
    const bytes = this.#builder.bytes + (this.#vectors?.bytes ?? 0)
    if (this.#builder.count < chunkEntries && bytes < chunkBytes) return
    this.flush(limits)
  }

  /** Takes a whole chunk; it is copied and stays the caller's. */
  pushChunk(chunk: EntryChunk, limits: CallLimits, deleted: PutMail['deleted'] = []): void {
    this.flush(limits)
    this.#send(chunk.slice(0), [], undefined, limits, deleted)
  }

  /** Sends what is packed. */
  flush(limits: CallLimits): void {
    this.#outbox.throwIfFailed()
    if (this.#builder.count === 0) return
    const rows = this.#rows
    this.#rows = []
    const deleted = this.#deleted
    this.#deleted = []
    this.#send(this.#builder.finish(), rows, this.#takeVectors(), limits, deleted)
  }

  /** Takes a delete, in an update. */
  pushDelete(key: Uint8Array, row: RoutedRow | undefined, limits: CallLimits): void {
    this.#deleted.push(this.#builder.count)
    this.push(key, NOTHING, row, limits)
  }

  #pushVector({ id, vector, payload }: VectorRow): void {
    this.#vectors ??= new VectorChunkBuilder(vector.length)
    this.#vectors.push(id, vector, payload)
    this.#vectorRows.push(this.#builder.count)
  }

  #takeVectors(): WireVectors | undefined {
    const rows = this.#vectorRows
    if (rows.length === 0) return undefined
    this.#vectorRows = []
    return { buffer: this.#vectors!.finish().buffer, rows }
  }

  #send(
    chunk: EntryChunk,
    rows: readonly RoutedRow[],
    vectors: WireVectors | undefined,
    limits: CallLimits,
    deleted: PutMail['deleted'],
  ): void {
    const first = this.#first
    this.#first += chunk.count
    const move = vectors === undefined ? [chunk.buffer] : [chunk.buffer, vectors.buffer]
    const mail: PutMail = {
      bytes: move.reduce((sum, { byteLength }) => sum + byteLength, 0),
      chunk: wireChunk(chunk),
      first,
      ...(rows.length > 0 && { rows, vectors }),
      ...(deleted !== undefined && deleted.length > 0 && { deleted }),
    }
    this.#outbox.send(mail, move, limits)
  }
}
