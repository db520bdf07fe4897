import { close, closeSync, fstat, open, readSync, statSync, type Stats } from 'node:fs'
import { errnoOf } from './file-error.js'
import { isLocalDisk } from './local-disks.js'
import { READ } from './file-objects.js'
import { ReadPace } from './read-pace.js'
import { unfilledBytes } from './unfilled-bytes.js'

/** Larger ranges are read in a thread: copying them takes longer than waking it up. */
export const MAX_BLOCKING_BYTES = 512 * 1024
const MAX_OPEN = process.platform === 'linux' ? 256 : 64
const MAX_ONCE = 1024
/** An immutable file is looked at this often, in milliseconds, to see if it was removed. */
const LOOK_MS = 1000
/** A deleted file uses space until its descriptor is closed. */
const IDLE_MS = 10_000

interface OpenFile {
  readonly fd: number
  readonly path: string
  readonly inode: number
  readonly device: number
  readonly bytes: number
  readonly isImmutable: boolean
  lookedAtMs: number
  usedAtMs: number
}

/**
 * Holds the descriptors of files that are read often. A read from the page cache is then one system
 * call in this thread, instead of four in others.
 *
 * Only regular files on local disks are opened, because a blocking call on a lost network mount
 * would never return. A file that another one replaced is detected before every read, one that
 * never changes (`isImmutable`) once a second.
 */
export class OpenFiles {
  readonly #files = new Map<string, OpenFile>()
  readonly #opening = new Set<string>()
  /** Keys that were read once: the second read opens the file. */
  readonly #once = new Set<string>()
  readonly #pace = new ReadPace()
  #sweep: NodeJS.Timeout | undefined
  /** Number of changes to files: one that is opened during a change may be the old one. */
  #changes = 0

  /**
   * Returns the bytes `[start, end)`, clipped to the file, if the file is open and may be read at
   * once.
   */
  readNow(key: string, start: number, end: number): Uint8Array<ArrayBuffer> | undefined {
    const file = this.#files.get(key)
    if (file === undefined) return undefined
    const length = Math.min(end, file.bytes) - start
    if (!(length > 0 && length <= MAX_BLOCKING_BYTES)) return undefined
    const bytes = unfilledBytes(length)
    return this.#read(key, file, start, bytes, false) ? bytes : undefined
  }

  /**
   * Fills `target` with the bytes from `start`, under the same conditions; false if it cannot. Its
   * caller yields to the event loop after some milliseconds of lookups.
   */
  fillNow(key: string, start: number, target: Uint8Array): boolean {
    const file = this.#files.get(key)
    if (file === undefined || target.length > MAX_BLOCKING_BYTES) return false
    return start + target.length <= file.bytes && this.#read(key, file, start, target, true)
  }

  #read(key: string, file: OpenFile, start: number, target: Uint8Array, isFair: boolean): boolean {
    if (start < 0) return false
    const begin = performance.now()
    if (!this.#isCurrent(key, file, begin) || !this.#pace.mayBlock(isFair)) return false
    if (!isFilled(file.fd, start, target)) {
      this.#remove(key, file)
      return false
    }
    file.usedAtMs = begin
    this.#pace.took(target.length, performance.now() - begin)
    return true
  }

  /** Opens a file that is read again, for later calls of `readNow`; never fails. */
  async open(key: string, path: string, isImmutable: boolean): Promise<void> {
    if (this.#files.has(key) || this.#opening.has(key)) return
    if (!this.#once.delete(key)) {
      if (this.#once.size >= MAX_ONCE) this.#once.clear()
      this.#once.add(key)
      return
    }
    if (!this.#makeRoom(performance.now())) return
    this.#opening.add(key)
    const changes = this.#changes
    try {
      const fd = await openFd(path, READ)
      const found = await statFd(fd).catch(() => undefined)
      const isUsable = found?.isFile() === true && (await isLocalDisk(path, found.dev))
      if (!isUsable || changes !== this.#changes) {
        close(fd, ignore)
        return
      }
      this.#add(key, { fd, path, isImmutable, ...factsOf(found) })
    } catch (error) {
      if (errnoOf(error) === 'EMFILE') this.closeAll()
    } finally {
      this.#opening.delete(key)
    }
  }

  /** Makes the next read of every file look for a change. */
  expire(): void {
    this.#changes++
    for (const file of this.#files.values()) file.lookedAtMs = -LOOK_MS
  }

  closeAll(): void {
    this.#changes++
    for (const [key, file] of this.#files) this.#remove(key, file)
  }

  #add(key: string, file: Omit<OpenFile, 'lookedAtMs' | 'usedAtMs'>): void {
    const now = performance.now()
    this.#files.set(key, { ...file, lookedAtMs: now, usedAtMs: now })
    this.#sweep ??= setInterval(() => this.#closeIdle(), IDLE_MS).unref()
  }

  /** Makes room for another file; false if all were used a moment ago. */
  #makeRoom(now: number): boolean {
    if (this.#files.size < MAX_OPEN) return true
    let oldest: [string, OpenFile] | undefined
    for (const entry of this.#files) {
      if (oldest === undefined || entry[1].usedAtMs < oldest[1].usedAtMs) oldest = entry
    }
    if (oldest === undefined || now - oldest[1].usedAtMs < LOOK_MS) return false
    this.#remove(...oldest)
    return true
  }

  #isCurrent(key: string, file: OpenFile, now: number): boolean {
    if (file.isImmutable && now - file.lookedAtMs < LOOK_MS) return true
    file.lookedAtMs = now
    const found = statSync(file.path, { throwIfNoEntry: false })
    if (found?.ino === file.inode && found.dev === file.device && found.size === file.bytes) {
      return true
    }
    this.#remove(key, file)
    return false
  }

  #closeIdle(): void {
    const now = performance.now()
    for (const [key, file] of this.#files) {
      if (now - file.usedAtMs >= IDLE_MS) this.#remove(key, file)
    }
  }

  #remove(key: string, { fd }: OpenFile): void {
    this.#files.delete(key)
    try {
      closeSync(fd)
    } catch {
      // Nothing was written, so nothing is lost.
    }
    if (this.#files.size > 0) return
    clearInterval(this.#sweep)
    this.#sweep = undefined
  }
}

function factsOf({ ino, dev, size }: Stats): Pick<OpenFile, 'inode' | 'device' | 'bytes'> {
  return { inode: ino, device: dev, bytes: size }
}

/** Returns false if the file has fewer bytes or cannot be read. */
function isFilled(fd: number, start: number, target: Uint8Array): boolean {
  try {
    return readSync(fd, target, 0, target.length, start) === target.length
  } catch {
    return false
  }
}

function ignore(): void {}

// Without `node:util`, which loads a dozen modules: every reader imports this file.
function openFd(path: string, flags: number): Promise<number> {
  return new Promise((resolve, reject) => {
    open(path, flags, (error, fd) => (error === null ? resolve(fd) : reject(error)))
  })
}

function statFd(fd: number): Promise<Stats> {
  return new Promise((resolve, reject) => {
    fstat(fd, (error, stats) => (error === null ? resolve(stats) : reject(error)))
  })
}
