import { createHash } from 'node:crypto'
import { dirname, join } from 'node:path'
import { isError } from '../../errors/is-error.js'
import { orLeave, orTimeout } from '../../async/abort.js'
import { yieldIfDue } from '../../async/yield-if-due.js'
import { OpenFiles } from '../file/open-files.js'
import { isOutOfSpace } from '../transfer/is-out-of-space.js'
import {
  BLOCK_BYTES,
  type BlockCache,
  type ByteSpan,
  type CachedObject,
} from './block-cache-contract.js'
import { CacheFiles } from './cache-files.js'
import { cachedBytes, evict } from './evict.js'
import {
  decodeSpan,
  encodeExtent,
  type Extent,
  extentName,
  fileBytes,
  fileSpan,
} from './extent-file.js'
import { ExtentIndex } from './extent-index.js'

/** Bytes that wait to be written; a reader that fetches faster waits for the disk. */
const MAX_PENDING_BYTES = 32 * 1024 * 1024
/** An object of many megabytes becomes several files. */
const MAX_FILE_BYTES = 8 * 1024 * 1024
const MAX_INDEXES = 4096
/** About 25 MB of memory. */
const MAX_INDEXED = 256 * 1024
/** A folder is read again after this many times the time that reading it took. */
const FRESH_TIMES = 20
/** Bound on one step of the local disk, in milliseconds: then storage is asked instead. */
const STEP_MS = 2000
/** A disk that failed is tried again after this time, in milliseconds. */
const PAUSE_MS = 60_000
/** The time of use of a file is recorded this often, in milliseconds. */
const TOUCH_MS = 60_000
/** Shares of `maxBytes`: written between two looks at the folder, and left by an eviction. */
const LOOK_SHARE = 1 / 16
const KEEP_SHARE = 7 / 8

export interface FileBlockCacheOptions {
  readonly folder: string
  readonly maxBytes: number
  readonly touchMs?: number | undefined
}

interface LoadedIndex {
  readonly index: ExtentIndex
  readonly freshUntilMs: number
}

/** The cache in a folder, shared with other processes without locks: files are made whole, and never change. */
export class FileBlockCache implements BlockCache {
  readonly #files: CacheFiles
  readonly #open = new OpenFiles()
  readonly #maxBytes: number
  readonly #touchMs: number
  readonly #indexes = new Map<string, Promise<LoadedIndex>>()
  /** Files in the indexes, at least. */
  #indexed = 0
  /** Parts that are not yet on disk, by path. */
  readonly #memory = new Map<string, Extent & { readonly bytes: Uint8Array }>()
  readonly #touched = new Map<string, number>()
  readonly #writing = new Set<Promise<void>>()
  #pendingBytes = 0
  /** Bytes written since the folder was last looked at; at first, nothing is known. */
  #unseenBytes = Infinity
  #evicting: Promise<void> | undefined
  #pausedUntil = 0
  #hasWarned = false
  #isClosed = false
  damaged = 0
  problem: string | undefined

  constructor({ folder, maxBytes, touchMs = TOUCH_MS }: FileBlockCacheOptions) {
    this.#files = new CacheFiles(folder)
    this.#maxBytes = maxBytes
    this.#touchMs = touchMs
  }

  object(url: string, bytes: number, version: string): CachedObject {
    const hash = createHash('sha256').update(JSON.stringify([url, bytes, version]))
    return { id: hash.digest('hex').slice(0, 32), bytes }
  }

  async read(object: CachedObject, span: ByteSpan): Promise<Uint8Array | undefined> {
    const index = await this.#index(object)
    if (index.missing(span) !== undefined) return undefined
    const bytes = new Uint8Array(span.end - span.start)
    for (let at = span.start; at < span.end;) {
      const extent = index.at(at)
      if (extent === undefined) return undefined
      const part = { start: at, end: Math.min(extent.end, span.end) }
      const target = bytes.subarray(at - span.start, part.end - span.start)
      if (!(await this.#readPart(object, index, extent, part, target))) return undefined
      at = part.end
    }
    return bytes
  }

  async missing(object: CachedObject, span: ByteSpan): Promise<ByteSpan | undefined> {
    await this.#reload(object)
    const gap = (await this.#index(object)).missing(span)
    if (gap === undefined) return undefined
    const start = Math.floor(gap.start / BLOCK_BYTES) * BLOCK_BYTES
    const end = Math.ceil(gap.end / BLOCK_BYTES) * BLOCK_BYTES
    return { start, end: Math.min(end, object.bytes) }
  }

  async write(object: CachedObject, start: number, bytes: Uint8Array): Promise<void> {
    if (this.#isClosed || performance.now() < this.#pausedUntil) return
    if (fileBytes(bytes.length) > this.#maxBytes / 4) return
    while (this.#pendingBytes > 0 && this.#pendingBytes + bytes.length > MAX_PENDING_BYTES) {
      await Promise.race(this.#writing)
    }
    this.#pendingBytes += bytes.length
    const index = await this.#index(object)
    const writing = this.#writeParts(object, index, start, bytes)
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#pendingBytes -= bytes.length
        this.#writing.delete(writing)
      })
    this.#writing.add(writing)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    const writing = Promise.all([...this.#writing, this.#evicting]).then(() => {})
    await orLeave(writing, STEP_MS)
    this.#open.closeAll()
  }

  async #writeParts(
    object: CachedObject,
    index: ExtentIndex,
    start: number,
    bytes: Uint8Array,
  ): Promise<void> {
    const parts: (Extent & { readonly bytes: Uint8Array })[] = []
    for (let at = 0; at < bytes.length; at += MAX_FILE_BYTES) {
      const part = bytes.subarray(at, at + MAX_FILE_BYTES)
      const span = { start: start + at, end: start + at + part.length }
      parts.push({ ...span, name: extentName(span), bytes: part })
    }
    for (const part of parts) {
      index.add(part)
      this.#memory.set(this.#pathOf(object, part), part)
    }
    try {
      for (const part of parts) {
        await yieldIfDue()
        const content = encodeExtent(object.id, part.start, part.bytes)
        await this.#bounded(this.#files.write(object.id, part.name, content))
        this.problem = undefined
        ;(await this.#index(object)).add(part)
        this.#memory.delete(this.#pathOf(object, part))
        this.#unseenBytes += content.length
      }
    } finally {
      for (const part of parts) {
        if (this.#memory.delete(this.#pathOf(object, part)))
          (await this.#index(object)).remove(part)
      }
    }
    if (this.#unseenBytes < this.#maxBytes * LOOK_SHARE) return
    this.#evicting ??= this.#evict().finally(() => (this.#evicting = undefined))
    await this.#evicting
  }

  async #evict(): Promise<void> {
    this.#unseenBytes = 0
    const bytes = await cachedBytes(this.#files)
    if (bytes > this.#maxBytes * (1 - LOOK_SHARE)) {
      await evict(this.#files, this.#maxBytes * KEEP_SHARE)
    }
  }

  async #readPart(
    object: CachedObject,
    index: ExtentIndex,
    extent: Extent,
    part: ByteSpan,
    target: Uint8Array,
  ): Promise<boolean> {
    const path = this.#pathOf(object, extent)
    const pending = this.#memory.get(path)
    if (pending !== undefined) {
      target.set(pending.bytes.subarray(part.start - extent.start, part.end - extent.start))
      return true
    }
    const { start, end } = fileSpan(extent, part)
    let records: Uint8Array | undefined = this.#open.readNow(path, start, end)
    try {
      if (records === undefined) {
        records = await this.#bounded(this.#files.read(path, start, end - start))
        void this.#open.open(path, path, true)
      }
    } catch {
      // Another process has evicted it, or the disk does not answer.
      index.remove(extent)
      return false
    }
    if (records?.length !== end - start || !decodeSpan(object.id, extent, part, records, target)) {
      this.damaged++
      index.remove(extent)
      await this.#files.remove(path)
      return false
    }
    this.#touch(path)
    return true
  }

  #touch(path: string): void {
    const now = performance.now()
    if (now - (this.#touched.get(path) ?? -Infinity) < this.#touchMs) return
    if (this.#touched.size >= MAX_INDEXES) this.#touched.clear()
    this.#touched.set(path, now)
    this.#files.touch(path).catch(() => {})
  }

  #pathOf({ id }: CachedObject, { name }: Extent): string {
    return join(this.#files.folderOf(id), name)
  }

  async #index(object: CachedObject): Promise<ExtentIndex> {
    const { id } = object
    const loaded = this.#indexes.get(id) ?? this.#load(object)
    this.#indexes.set(id, loaded)
    return (await loaded).index
  }

  /** Looks for files that other processes have written, unless the folder was read a moment ago. */
  async #reload(object: CachedObject): Promise<void> {
    const loaded = await this.#indexes.get(object.id)
    if (loaded !== undefined && performance.now() < loaded.freshUntilMs) return
    this.#indexes.set(object.id, this.#load(object))
  }

  async #load(object: CachedObject): Promise<LoadedIndex> {
    const begin = performance.now()
    const names = await this.#bounded(this.#files.names(object.id)).catch(() => [])
    const end = performance.now()
    const index = new ExtentIndex(names, object.bytes)
    const folder = this.#files.folderOf(object.id)
    for (const [path, part] of this.#memory) if (dirname(path) === folder) index.add(part)
    this.#dropIndexes(index.size)
    return { index, freshUntilMs: end + FRESH_TIMES * (end - begin) }
  }

  /** Makes room for an index of that many files. */
  #dropIndexes(more: number): void {
    this.#indexed += more
    if (this.#indexed < MAX_INDEXED && this.#indexes.size < MAX_INDEXES) return
    // The rest is read again when it is needed.
    this.#indexes.clear()
    this.#indexed = more
  }

  #bounded<T>(work: Promise<T>): Promise<T> {
    const expired = (): Error => new Error(`the disk did not answer within ${STEP_MS} ms`)
    return orTimeout(work, { timeoutMs: STEP_MS, expired })
  }

  #fail(error: unknown): void {
    const reason = isError(error) ? error.message : String(error)
    const advice = isOutOfSpace(error)
      ? 'free some space or lower maxBytes'
      : 'check the folder and its permissions'
    this.problem = `cache: nothing is stored in ${this.#files.root} for a minute (${reason}); ${advice}`
    this.#pausedUntil = performance.now() + PAUSE_MS
    if (this.#hasWarned) return
    this.#hasWarned = true
    process.emitWarning(this.problem, 'ShardyfusionWarning')
  }
}
