import { fileURLToPath } from 'node:url'
import { compareUtf8 } from '../util/compare-utf8.js'
import { CORE_MODULE, type Origin } from '../util/origin.js'
import { syncTree } from './file-durability.js'
import { fileStoreError } from './file-error.js'
import { describeObject, putObject, readObject, removeObject } from './file-objects.js'
import { holdsObjects, readTree, removeEmptyParents, removeTree, walkObjects } from './file-tree.js'
import { fileUrlProblem } from './file-url.js'
import { badUrl, checkObjectUrl, checkPrefixUrl } from './object-url.js'
import type {
  DeletePrefixOptions,
  GetObjectOptions,
  ObjectCallOptions,
  ObjectInfo,
  ObjectStore,
  PutObjectOptions,
} from './object-store.js'
import { isBelow } from './urls.js'

/**
 * Objects as files of this machine, readable and writable by several processes at once.
 *
 * Shape: `file:///absolute/path` read as a WHATWG URL, so `%20` and a blank name the same file; `list`
 * spells names below the given URL with the fewest escapes. File names with `#` are puts under way or
 * left by a crash: never listed, swept by `deletePrefix`. Links to directories are not followed.
 * Unlike in object storage, an object `a` and an object `a/b` cannot both exist.
 * Errors: SHARD_STORE with `details.errno`; an aborted signal's own reason.
 */
export class FileStore implements ObjectStore {
  readonly scheme = 'file'

  /** A class made from this one does something else, and says so itself. */
  get origin(): Origin | undefined {
    const isPlain = Object.getPrototypeOf(this) === FileStore.prototype
    return isPlain ? { module: CORE_MODULE, export: 'FileStore' } : undefined
  }

  async get(url: string, options: GetObjectOptions = {}): Promise<Uint8Array | undefined> {
    return this.#object('get', url, options, (path) => readObject(path, options))
  }

  async head(url: string, options: ObjectCallOptions = {}): Promise<ObjectInfo | undefined> {
    return this.#object('head', url, options, (path) => describeObject(url, path))
  }

  async put(url: string, bytes: Uint8Array, options: PutObjectOptions = {}): Promise<boolean> {
    return this.#object('put', url, options, (path) => putObject(path, bytes, options))
  }

  async *list(url: string, options: ObjectCallOptions = {}): AsyncGenerator<ObjectInfo> {
    const { root, path } = this.#below('list', url, options)
    try {
      for await (const entry of walkObjects(path, root, options.signal)) {
        const info = await describeObject(entry.url, entry.path)
        if (info !== undefined) yield info
      }
    } catch (error) {
      throw fileStoreError('list', url, error)
    }
  }

  async listPrefixes(url: string, options: ObjectCallOptions = {}): Promise<string[]> {
    const { root, path } = this.#below('listPrefixes', url, options)
    return naming('listPrefixes', url, async () => {
      const prefixes: string[] = []
      for (const child of await readTree(path, root)) {
        // An empty directory is none: with object storage it would not exist.
        if (child.kind === 'directory' && (await holdsObjects(child.path, options.signal))) {
          prefixes.push(child.url)
        }
      }
      // readTree orders by `name/`; here the names themselves count.
      return prefixes.sort(compareUtf8)
    })
  }

  async delete(url: string, options: ObjectCallOptions = {}): Promise<void> {
    await this.#object('delete', url, options, removeObject)
  }

  /** Also removes leftovers of crashed puts and the directories this empties, `url`'s own included. */
  async deletePrefix(url: string, options: DeletePrefixOptions = {}): Promise<number> {
    const { root, path } = this.#below('deletePrefix', url, options)
    const removed = await naming('deletePrefix', url, () => removeTree(path, options.signal))
    if (options.within !== undefined) {
      const within = this.#below('deletePrefix', options.within, options)
      if (isBelow(root, within.root)) await removeEmptyParents(path, within.path)
    }
    return removed
  }

  /** Syncs every file and directory below, then the directories above, which engines make as well. */
  async sync(url: string, options: ObjectCallOptions = {}): Promise<void> {
    const { path } = this.#below('sync', url, options)
    await naming('sync', url, () => syncTree(path, options.signal))
  }

  #object<T>(
    call: string,
    url: string,
    options: ObjectCallOptions,
    work: (path: string) => Promise<T>,
  ): Promise<T> {
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
    return naming(call, url, () => work(path))
  }

  #below(call: string, url: string, options: ObjectCallOptions): { root: string; path: string } {
    options.signal?.throwIfAborted()
    const where = `FileStore.${call}`
    const root = checkPrefixUrl(url, this.scheme, where)
    return { root, path: toPath(root, where) }
  }
}

/** The path a URL stands for; refuses what the URL parser would silently repair. */
function toPath(url: string, where: string): string {
  const problem = fileUrlProblem(url)
  if (problem !== undefined) throw badUrl(where, url, problem)
  try {
    return fileURLToPath(new URL(url))
  } catch (error) {
    throw badUrl(where, url, error instanceof Error ? error.message : 'it names no file')
  }
}

async function naming<T>(call: string, url: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw fileStoreError(call, url, error)
  }
}
