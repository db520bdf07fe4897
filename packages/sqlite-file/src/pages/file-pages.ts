import { SqliteFileError } from '../error.js'
import type { FileHeader } from '../format/header.js'
import { Page } from './page.js'
import { type PageOwner, pageCache } from './page-cache.js'
import { checkPageNumber, type Pages } from './pages.js'
import type { ByteRange, SqliteSource } from './source.js'

export interface LoadOptions {
  /** Pages farther apart than this many bytes are not fetched in one request. */
  readonly maxGapBytes: number
  /** The most bytes of one request. */
  readonly maxRequestBytes: number
  /** Requests under way at a time. */
  readonly maxRequests: number
}

/** The reads a file has made from its source. */
export interface ReadStats {
  /** Reads of the source. */
  readonly requests: number
  /** Bytes that were read. */
  readonly bytes: number
}

/** Memory of a cached page in addition to its bytes, about. */
const PAGE_OVERHEAD_BYTES = 256

/** Pages of a file read by range, the cached ones at once. */
export class FilePages implements Pages, PageOwner {
  readonly header: FileHeader
  readonly #source: SqliteSource
  readonly #options: LoadOptions
  // Blocks of 256 pages: found faster than in a map.
  #blocks: (Page | undefined)[][] = []
  readonly #pending = new Map<number, Promise<void>>()
  #requests = 0
  #bytes = 0
  #isClosed = false

  /** `before` is what has been read to get at the header. */
  constructor(
    source: SqliteSource,
    header: FileHeader,
    options: LoadOptions,
    before: ReadStats = { requests: 0, bytes: 0 },
  ) {
    this.#source = source
    this.#requests = before.requests
    this.#bytes = before.bytes
    this.header = header
    this.#options = options
  }

  get stats(): ReadStats {
    return { requests: this.#requests, bytes: this.#bytes }
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  page(no: number): Page | undefined {
    const page = this.#blocks[no >>> 8]?.[no & 255]
    if (page !== undefined) {
      if (page.uses < 3) page.uses++
      return page
    }
    checkPageNumber(no, this.header)
    return undefined
  }

  /** True if the page is in the cache; does not count as a use. */
  has(no: number): boolean {
    return this.#blocks[no >>> 8]?.[no & 255] !== undefined
  }

  drop({ no }: Page): void {
    const block = this.#blocks[no >>> 8]
    if (block !== undefined) block[no & 255] = undefined
  }

  /** Takes in the whole pages of bytes already read, `offset` being a multiple of the page size. */
  adopt(offset: number, bytes: Uint8Array): void {
    const { pageSize, usableBytes, pageCount } = this.header
    for (let at = 0; at + pageSize <= bytes.length; at += pageSize) {
      const no = (offset + at) / pageSize + 1
      if (no > pageCount) return
      this.#keep(new Page(no, bytes, at, usableBytes))
    }
  }

  /**
   * Brings pages into `into`, neighbours in one request, all requests at the same time.
   *
   * They enter the cache as well, unless `cache` is false: then leaves are views of what was fetched.
   */
  async load(numbers: Iterable<number>, into: Map<number, Page>, cache = true): Promise<void> {
    const wanted = new Set<number>()
    const waits = new Set<Promise<void>>()
    for (const no of numbers) {
      const cached = this.page(no)
      if (cached !== undefined) into.set(no, cached)
      else if (cache && this.#pending.has(no)) waits.add(this.#pending.get(no)!)
      else wanted.add(no)
    }
    if (wanted.size > 0) {
      const fetched = this.#fetch(wanted, into, cache)
      if (cache) {
        for (const no of wanted) this.#pending.set(no, fetched)
        const forget = (): void => {
          for (const no of wanted) this.#pending.delete(no)
        }
        fetched.then(forget, forget)
      }
      waits.add(fetched)
    }
    await Promise.all(waits)
    // What another call fetched may have left the cache already; then it is fetched once more.
    const again: number[] = []
    for (const no of numbers) {
      if (into.has(no)) continue
      const cached = this.page(no)
      if (cached === undefined) again.push(no)
      else into.set(no, cached)
    }
    if (again.length > 0) await this.#fetch(new Set(again), into, cache)
  }

  async #read(offset: number, length: number): Promise<Uint8Array> {
    this.#check()
    this.#requests++
    this.#bytes += length
    const bytes = await this.#source.read(offset, length)
    return checked(bytes, { offset, length })
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    pageCache.close(this)
    this.#blocks = []
  }

  #check(): void {
    if (this.#isClosed) throw new SqliteFileError('CLOSED', 'sqlite-file: the file is closed')
  }

  async #fetch(numbers: Set<number>, into: Map<number, Page>, cache: boolean): Promise<void> {
    this.#check()
    const { usableBytes, pageSize } = this.header
    const ranges = this.#rangesOf(numbers)
    const take = ({ offset }: ByteRange, bytes: Uint8Array): void => {
      if (this.#isClosed) return
      for (let at = 0; at < bytes.length; at += pageSize) {
        const no = (offset + at) / pageSize + 1
        if (!numbers.has(no)) continue
        const page = new Page(no, bytes, at, usableBytes)
        into.set(no, cache || page.isInterior ? this.#keep(page) : page)
      }
    }
    if (this.#source.readMany !== undefined && ranges.length > 1) {
      this.#requests += ranges.length
      for (const { length } of ranges) this.#bytes += length
      const results = await this.#source.readMany(ranges)
      for (const [i, range] of ranges.entries()) take(range, checked(results[i], range))
      return
    }
    let next = 0
    const lane = async (): Promise<void> => {
      while (next < ranges.length) {
        const range = ranges[next++]!
        take(range, await this.#read(range.offset, range.length))
      }
    }
    const lanes = Math.min(ranges.length, this.#options.maxRequests)
    await Promise.all(Array.from({ length: lanes }, lane))
  }

  /** Pages as ranges of bytes, with the gaps between neighbours. */
  #rangesOf(numbers: Set<number>): ByteRange[] {
    const { pageSize } = this.header
    const { maxGapBytes, maxRequestBytes } = this.#options
    const ranges: { offset: number; length: number }[] = []
    for (const no of Array.from(numbers).sort((a, b) => a - b)) {
      const offset = (no - 1) * pageSize
      const last = ranges.at(-1)
      const end = last === undefined ? -Infinity : last.offset + last.length
      if (
        last !== undefined &&
        offset - end <= maxGapBytes &&
        offset + pageSize - last.offset <= maxRequestBytes
      ) {
        last.length = offset + pageSize - last.offset
      } else ranges.push({ offset, length: pageSize })
    }
    return ranges
  }

  /** Puts a copy of the page into the cache, so that it does not hold on to all that was fetched with it. */
  #keep(page: Page): Page {
    const { no } = page
    const known = this.#blocks[no >>> 8]?.[no & 255]
    if (known !== undefined) return known
    const { pageSize, usableBytes } = this.header
    const isWhole = page.bytes.buffer.byteLength === pageSize
    const own = isWhole
      ? page
      : new Page(no, page.bytes.slice(page.base, page.base + pageSize), 0, usableBytes)
    const block = (this.#blocks[no >>> 8] ??= [])
    block[no & 255] = own
    if (!pageCache.add(own, this, pageSize + PAGE_OVERHEAD_BYTES)) block[no & 255] = undefined
    return own
  }
}

/** Bytes as a source gave them. Errors: READ_FAILED if they are not as many as asked for. */
export function checked(bytes: Uint8Array | undefined, { offset, length }: ByteRange): Uint8Array {
  if (bytes?.length === length) return plain(bytes)
  throw new SqliteFileError(
    'READ_FAILED',
    `sqlite-file: expected ${length} bytes at offset ${offset} from the source, got ${bytes?.length}`,
  )
}

/** The bytes as a plain Uint8Array: the `slice` of Node's Buffer makes no copy. */
export function plain(bytes: Uint8Array): Uint8Array {
  if (bytes.constructor.name === 'Uint8Array') return bytes
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
}
