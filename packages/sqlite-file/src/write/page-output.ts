import { SqliteFileError } from '../error.js'
import { lockPage } from '../format/page-size.js'
import { writeU32 } from '../format/varint.js'

/** Where the bytes of a new file go. */
export interface SqliteSink {
  /**
   * Takes bytes; the sink owns them afterwards.
   *
   * Calls come one after the other, each after the promise of the one before. Offsets rise without gaps from the
   * second page on; the last call of all has the first page, at offset 0. So a sink that can only append holds its
   * first part back.
   */
  write(bytes: Uint8Array, offset: number): void | Promise<void>
}

const FIRST_CHUNK_BYTES = 64 << 10
/** Chunks that may wait for the sink before a caller is asked to. */
const WAITING_CHUNKS = 2

/** Numbers pages and hands them to the sink in chunks. */
export class PageOutput {
  readonly pageSize: number
  readonly #sink: SqliteSink
  readonly #chunkBytes: number
  readonly #lockPage: number
  // The first page is written last.
  #count = 1
  #chunk: Uint8Array
  #used = 0
  #waiting = 0
  #tail: Promise<void> | undefined
  #failure: { readonly reason: unknown } | undefined
  /** Where the page allotted last starts in `bytes`. */
  at = 0

  constructor(sink: SqliteSink, pageSize: number, chunkBytes: number) {
    this.#sink = sink
    this.pageSize = pageSize
    this.#chunkBytes = Math.max(pageSize, chunkBytes - (chunkBytes % pageSize))
    this.#lockPage = lockPage(pageSize)
    this.#chunk = new Uint8Array(Math.max(pageSize, Math.min(FIRST_CHUNK_BYTES, this.#chunkBytes)))
  }

  get pageCount(): number {
    return this.#count
  }

  /** The bytes that hold the page allotted last. */
  get bytes(): Uint8Array {
    return this.#chunk
  }

  /** The number the next page will have. */
  get nextPage(): number {
    return this.#count + (this.#count + 1 === this.#lockPage ? 2 : 1)
  }

  /** Allots a page of zeros, to be filled at once; gives its number. */
  allot(): number {
    if (this.#count + 1 === this.#lockPage) this.#next()
    return this.#next()
  }

  /** Writes a copy of a page; gives its number. */
  emit(page: Uint8Array): number {
    const no = this.allot()
    this.#chunk.set(page, this.at)
    return no
  }

  /** Writes a chain of overflow pages with the bytes of `parts` from `skip` on; gives the first page. */
  emitChain(parts: readonly Uint8Array[], skip: number): number {
    const first = this.nextPage
    const room = this.pageSize - 4
    let left = -skip
    for (const part of parts) left += part.length
    let filled = room
    let toSkip = skip
    for (const part of parts) {
      const start = Math.min(toSkip, part.length)
      toSkip -= start
      for (let at = start; at < part.length;) {
        if (filled === room) {
          this.allot()
          writeU32(this.#chunk, this.at, left > room ? this.nextPage : 0)
          filled = 0
        }
        const bytes = Math.min(room - filled, part.length - at)
        this.#chunk.set(part.subarray(at, at + bytes), this.at + 4 + filled)
        filled += bytes
        left -= bytes
        at += bytes
      }
    }
    return first
  }

  /** A promise while the sink is behind; then what is written waits in memory. */
  ready(): Promise<void> | undefined {
    this.check()
    return this.#waiting > WAITING_CHUNKS ? this.#settled() : undefined
  }

  /** Hands over what is left, and the first page. */
  async finish(first: Uint8Array): Promise<void> {
    if (this.#used > 0) this.#hand(this.#chunk.subarray(0, this.#used))
    await this.#settled()
    await this.#sink.write(first, 0)
  }

  /** Errors: the error of the sink, if it failed. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure.reason
  }

  async #settled(): Promise<void> {
    await this.#tail
    this.check()
  }

  #next(): number {
    if (this.#used === this.#chunk.length) {
      const full = this.#chunk
      this.#chunk = new Uint8Array(Math.min(2 * full.length, this.#chunkBytes))
      this.#used = 0
      this.#hand(full)
    }
    this.at = this.#used
    this.#used += this.pageSize
    if (this.#count >= 0xffff_fffe) {
      throw new SqliteFileError('UNSUPPORTED', 'SqliteFileWriter: the file has too many pages')
    }
    return ++this.#count
  }

  /** `#count` pages are allotted; these are the last of them. */
  #hand(chunk: Uint8Array): void {
    const offset = this.#count * this.pageSize - chunk.length
    if (this.#tail === undefined) {
      const written = this.#handNow(chunk, offset)
      if (written !== undefined) this.#wait(written)
    } else this.#wait(this.#tail.then(() => this.#write(chunk, offset)))
  }

  #handNow(chunk: Uint8Array, offset: number): void | Promise<void> {
    try {
      return this.#sink.write(chunk, offset)
    } catch (reason) {
      this.#failure ??= { reason }
      throw reason
    }
  }

  async #write(chunk: Uint8Array, offset: number): Promise<void> {
    if (this.#failure === undefined) await this.#sink.write(chunk, offset)
  }

  #wait(written: Promise<void>): void {
    this.#waiting++
    const settled: Promise<void> = written
      .catch((reason: unknown) => {
        this.#failure ??= { reason }
      })
      .then(() => {
        this.#waiting--
        if (this.#tail === settled) this.#tail = undefined
      })
    this.#tail = settled
  }
}
