import { fileURLToPath } from 'node:url'
import * as v from 'valibot'
import { parseOptions } from '../../options/parse-options.js'
import { integer } from '../../options/scalars.js'
import { isAttemptObject } from '../../snapshot/layout.js'
import { compareUtf8 } from '../../text/compare-utf8.js'
import { fileCall, type Step } from './file-call.js'
import { CORE_MODULE, type Origin } from '../../async/origin.js'
import { syncTree } from './file-durability.js'
import { fileStoreError, fileStoreTimeout } from './file-error.js'
import { describeObject, putObject, readObject, removeObject } from './file-objects.js'
import { holdsObjects, readTree, removeEmptyParents, removeTree, walkObjects } from './file-tree.js'
import { fileUrlProblem } from './file-url.js'
import { MAX_BLOCKING_BYTES, OpenFiles } from './open-files.js'
import { badUrl, checkObjectUrl, checkPrefixUrl } from '../object-url.js'
import type {
  DeletePrefixOptions,
  GetObjectOptions,
  ObjectCallOptions,
  ObjectInfo,
  ObjectStore,
  ObjectUpload,
  PutObjectOptions,
} from '../object-store.js'
import { startUpload } from '../upload/start-upload.js'
import { isBelow } from '../urls.js'
import { isError } from '../../errors/is-error.js'
import { openFileUpload } from './file-upload.js'

/** Options of a `FileStore`. */
export interface FileStoreOptions {
  /**
   * Bound on one step of a call (such as opening, reading 8 MiB, syncing), in milliseconds; 60,000
   * by default.
   */
  readonly stepTimeoutMs?: number | undefined
}

/** Objects described before the first is given: few shards have more. Some callers stop at the first. */
const FIRST_LISTED = 8
const MAX_LISTED = 64

/** Tables of SlateDB in a folder of any name. */
const TABLE = /\/compacted\/[0-9A-Z]{26}\.sst$/

const optionsSchema = v.strictObject({
  stepTimeoutMs: v.optional(integer(1, 'milliseconds'), 60_000),
})

/**
 * Stores objects as local files, readable and writable by several processes at once.
 *
 * Shape: `file:///absolute/path` read as a WHATWG URL, so `%20` and a blank name the same file;
 * `list` spells names below the given URL with the fewest escapes. File names with `#` are
 * unfinished or crashed puts: never listed, removed by `deletePrefix`. Links to directories are not
 * followed. Unlike in object storage, an object `a` and an object `a/b` cannot both exist. A call
 * ends when its signal aborts or the file system does not answer, even if the system call never
 * returns; a write abandoned in the middle of a rename or a delete may still take effect. Files on
 * local disks that are read again stay open (256 at most, 64 on systems other than Linux) for 10 s after their last use; small
 * ranges of them are read in the calling thread while the page cache has them. Errors:
 * SHARD_STORE with `details.errno`; an aborted signal's own reason.
 */
export class FileStore implements ObjectStore {
  readonly scheme = 'file'
  readonly #options: FileStoreOptions | undefined
  readonly #timeoutMs: number
  readonly #files = new OpenFiles()

  /** Errors: SHARD_INVALID_OPTION. */
  constructor(options?: FileStoreOptions) {
    this.#options = options
    this.#timeoutMs = parseOptions(optionsSchema, options, 'FileStore').stepTimeoutMs
  }

  /** A subclass behaves differently, and must set its own origin. */
  get origin(): Origin | undefined {
    const isPlain = Object.getPrototypeOf(this) === FileStore.prototype
    if (!isPlain) return undefined
    const options = this.#options
    return { module: CORE_MODULE, export: 'FileStore', ...(options !== undefined && { options }) }
  }

  async get(url: string, options: GetObjectOptions = {}): Promise<Uint8Array | undefined> {
    const { range, signal } = options
    if (range === undefined || range.end - range.start > MAX_BLOCKING_BYTES) {
      return this.#object('get', url, options, (path, step) => readObject(path, options, step))
    }
    signal?.throwIfAborted()
    const now = this.#files.readNow(url, range.start, range.end)
    if (now !== undefined) return now
    return this.#object('get', url, options, async (path, step) => {
      const bytes = await readObject(path, options, step)
      if (bytes !== undefined)
        void this.#files.open(url, path, isAttemptObject(url) || TABLE.test(url))
      return bytes
    })
  }

  readNow(url: string, start: number, target: Uint8Array): boolean {
    // A subclass with another `get` may change the bytes.
    return this.get === FileStore.prototype.get && this.#files.fillNow(url, start, target)
  }

  async head(url: string, options: ObjectCallOptions = {}): Promise<ObjectInfo | undefined> {
    return this.#object('head', url, options, (path) => describeObject(url, path))
  }

  async put(url: string, bytes: Uint8Array, options: PutObjectOptions = {}): Promise<boolean> {
    const putting = this.#object('put', url, options, (path, step) =>
      putObject(path, bytes, options, step),
    )
    return putting.finally(() => this.#files.expire())
  }

  async upload(url: string, options: ObjectCallOptions = {}): Promise<ObjectUpload> {
    const path = this.#path('upload', url, options)
    return startUpload('FileStore.upload', url, options, (signal) =>
      openFileUpload(path, (work, isCleanup) =>
        this.#call('upload', url, isCleanup === true ? {} : { signal }, work).finally(() =>
          this.#files.expire(),
        ),
      ),
    )
  }

  async *list(url: string, options: ObjectCallOptions = {}): AsyncGenerator<ObjectInfo> {
    const { root, path } = this.#below('list', url, options)
    let step: Step = () => {}
    const entries = walkObjects(path, root, () => step())
    // Not `for await`: when a step hangs, leaving such a loop would wait for it.
    for (let room = FIRST_LISTED; ; room = MAX_LISTED) {
      const found: ObjectInfo[] = []
      const isOver = await this.#call('list', url, options, async (next) => {
        step = next
        for (let left = room; left > 0; left--) {
          const { value: entry, done } = await entries.next()
          if (done === true) return true
          next()
          const info = await describeObject(entry.url, entry.path)
          next()
          if (info !== undefined) found.push(info)
        }
        return false
      })
      for (const info of found) {
        options.signal?.throwIfAborted()
        yield info
      }
      if (isOver) return
    }
  }

  async listPrefixes(url: string, options: ObjectCallOptions = {}): Promise<string[]> {
    const { root, path } = this.#below('listPrefixes', url, options)
    return this.#call('listPrefixes', url, options, async (step) => {
      const prefixes: string[] = []
      for (const child of await readTree(path, root)) {
        step()
        // Skip empty directories: in object storage they would not exist.
        if (child.kind === 'directory' && (await holdsObjects(child.path, step))) {
          prefixes.push(child.url)
        }
      }
      // readTree orders by `name/`; here the names themselves count.
      return prefixes.sort(compareUtf8)
    })
  }

  async delete(url: string, options: ObjectCallOptions = {}): Promise<void> {
    // Windows removes no file that is open.
    this.#files.closeAll()
    await this.#object('delete', url, options, removeObject)
    this.#files.closeAll()
  }

  /**
   * Also removes leftovers of crashed puts and the directories that become empty, including that of
   * `url`.
   */
  async deletePrefix(url: string, options: DeletePrefixOptions = {}): Promise<number> {
    const { root, path } = this.#below('deletePrefix', url, options)
    this.#files.closeAll()
    const within = options.within && this.#below('deletePrefix', options.within, options)
    return this.#call('deletePrefix', url, options, async (step) => {
      const removed = await removeTree(path, step)
      this.#files.closeAll()
      if (within && isBelow(root, within.root)) await removeEmptyParents(path, within.path)
      return removed
    })
  }

  /**
   * Syncs every file and directory below, then the directories above, which engines make as well.
   */
  async sync(url: string, options: ObjectCallOptions = {}): Promise<void> {
    const { path } = this.#below('sync', url, options)
    await this.#call('sync', url, options, (step) => syncTree(path, step))
  }

  #object<T>(
    call: string,
    url: string,
    options: ObjectCallOptions,
    work: (path: string, step: Step) => Promise<T>,
  ): Promise<T> {
    const path = this.#path(call, url, options)
    return this.#call(call, url, options, (step) => work(path, step))
  }

  #path(call: string, url: string, options: ObjectCallOptions): string {
    options.signal?.throwIfAborted()
    const where = `FileStore.${call}`
    const path = toPath(checkObjectUrl(url, this.scheme, where), where)
    if (url.slice(url.lastIndexOf('/')).includes('%23')) {
      throw badUrl(
        where,
        url,
        '"#" (%23) marks unfinished files and cannot stand in the last segment',
      )
    }
    return path
  }

  #below(call: string, url: string, options: ObjectCallOptions): { root: string; path: string } {
    options.signal?.throwIfAborted()
    const where = `FileStore.${call}`
    const root = checkPrefixUrl(url, this.scheme, where)
    return { root, path: toPath(root, where) }
  }

  /** Closes the files that are open for reading; the store can still be used. */
  async close(): Promise<void> {
    this.#files.closeAll()
  }

  async #call<T>(
    call: string,
    url: string,
    { signal }: ObjectCallOptions,
    work: (step: Step) => Promise<T>,
  ): Promise<T> {
    const timeoutMs = this.#timeoutMs
    const expired = (): Error => fileStoreTimeout(call, url, timeoutMs)
    try {
      signal?.throwIfAborted()
      return await fileCall({ timeoutMs, signal, expired }, work)
    } catch (error) {
      throw fileStoreError(call, url, error)
    }
  }
}

/** Returns the path of a URL; refuses anything that the URL parser would silently repair. */
function toPath(url: string, where: string): string {
  const problem = fileUrlProblem(url)
  if (problem !== undefined) throw badUrl(where, url, problem)
  try {
    return fileURLToPath(new URL(url))
  } catch (error) {
    throw badUrl(where, url, isError(error) ? error.message : 'it names no file')
  }
}
