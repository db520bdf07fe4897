import { randomUUID } from 'node:crypto'
import {
  mkdir,
  open,
  readdir,
  rename,
  rmdir,
  stat,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { errnoOf } from '../file/file-error.js'
import { fileBytes, parseExtentName } from './extent-file.js'

// <folder>/shardyfusion-cache-1/<2 digits>/<30 digits>/<extent>, and unfinished files in tmp/.

const ROOT = 'shardyfusion-cache-1'
const UNFINISHED = 'tmp'
/** An unfinished file that is older was left by a process that was killed, in milliseconds. */
const STALE_MS = 60 * 60 * 1000
const PRIVATE = 0o700

export interface CacheFile {
  readonly path: string
  readonly bytes: number
}

/** The files of a cache folder; names that are not its own are left alone. */
export class CacheFiles {
  readonly root: string

  constructor(folder: string) {
    this.root = join(folder, ROOT)
  }

  /** Returns the folder of an object. */
  folderOf(id: string): string {
    return join(this.root, id.slice(0, 2), id.slice(2))
  }

  async names(id: string): Promise<string[]> {
    return readdir(this.folderOf(id)).catch(() => [])
  }

  /** Writes a file so that it is visible whole or not at all. */
  async write(id: string, name: string, bytes: Uint8Array): Promise<void> {
    const unfinished = join(this.root, UNFINISHED, randomUUID())
    const target = join(this.folderOf(id), name)
    try {
      await makePrivate(join(this.root, UNFINISHED))
      await writeFile(unfinished, bytes, { flag: 'wx', mode: 0o600 })
      for (let tries = 1; ; tries++) {
        await makePrivate(this.folderOf(id))
        try {
          await rename(unfinished, target)
          return
        } catch (error) {
          // Another process has just removed the empty folder.
          if (errnoOf(error) !== 'ENOENT' || tries === 3) throw error
        }
      }
    } catch (error) {
      await unlink(unfinished).catch(() => {})
      throw error
    }
  }

  async read(path: string, start: number, length: number): Promise<Uint8Array | undefined> {
    const file = await open(path, 'r')
    try {
      const bytes = new Uint8Array(length)
      const { bytesRead } = await file.read(bytes, 0, length, start)
      return bytesRead === length ? bytes : undefined
    } finally {
      await file.close()
    }
  }

  /** Records that a file was used, for every process. */
  async touch(path: string): Promise<void> {
    const now = new Date()
    await utimes(path, now, now)
  }

  async remove(path: string): Promise<void> {
    await unlink(path).catch(() => {})
  }

  /** Visits every file; removes the folders that are empty, and unfinished files of killed processes. */
  async *walk(): AsyncGenerator<CacheFile> {
    for (const group of await readdir(this.root).catch(() => [])) {
      if (group === UNFINISHED) await this.#removeStale()
      if (!/^[0-9a-f]{2}$/.test(group)) continue
      const above = join(this.root, group)
      for (const object of await readdir(above).catch(() => [])) {
        if (!/^[0-9a-f]{30}$/.test(object)) continue
        const folder = join(above, object)
        const names = await readdir(folder).catch(() => [])
        if (names.length === 0) await rmdir(folder).catch(() => {})
        for (const name of names) {
          const extent = parseExtentName(name)
          if (extent === undefined) continue
          yield { path: join(folder, name), bytes: fileBytes(extent.end - extent.start) }
        }
      }
    }
  }

  async #removeStale(): Promise<void> {
    const folder = join(this.root, UNFINISHED)
    for (const name of await readdir(folder).catch(() => [])) {
      const path = join(folder, name)
      const found = await stat(path).catch(() => undefined)
      if (found !== undefined && Date.now() - found.mtimeMs > STALE_MS) await this.remove(path)
    }
  }
}

/** `mkdir -p`. With `recursive`, Node does not return for a new folder below /proc. */
async function makePrivate(path: string): Promise<void> {
  const make = () =>
    mkdir(path, PRIVATE).catch((error: unknown) => {
      if (errnoOf(error) !== 'EEXIST') throw error
    })
  try {
    await make()
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT' || path === dirname(path)) throw error
    await makePrivate(dirname(path))
    await make()
  }
}
