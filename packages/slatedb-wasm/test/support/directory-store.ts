import { mkdir, open, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { ListedObject, ObjectInfo, ObjectStore } from 'slatedb-wasm'

/** A folder as a store, laid out as the native binding lays out `file://` URLs. */
export class DirectoryStore implements ObjectStore {
  readonly #root: string

  constructor(root: string) {
    this.#root = root
  }

  async get(path: string, start: number, end?: number): Promise<Uint8Array | undefined> {
    const file = await open(join(this.#root, path)).catch(ignoreMissing)
    if (file === undefined) return undefined
    try {
      const length = Math.max(0, Math.min(end ?? Infinity, (await file.stat()).size) - start)
      const bytes = new Uint8Array(length)
      await file.read(bytes, 0, length, start)
      return bytes
    } finally {
      await file.close()
    }
  }

  async head(path: string): Promise<ObjectInfo | undefined> {
    const found = await stat(join(this.#root, path)).catch(ignoreMissing)
    return found === undefined ? undefined : { size: found.size, modifiedAt: found.mtime }
  }

  async put(path: string, bytes: Uint8Array, ifAbsent: boolean): Promise<boolean> {
    const file = join(this.#root, path)
    await mkdir(dirname(file), { recursive: true })
    try {
      await writeFile(file, bytes, { flag: ifAbsent ? 'wx' : 'w' })
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
      throw error
    }
  }

  async *list(prefix: string): AsyncGenerator<ListedObject> {
    const root = join(this.#root, prefix)
    const names = (await readdir(root, { recursive: true }).catch(ignoreMissing)) ?? []
    for (const name of names) {
      const path = prefix === '' ? name : `${prefix}/${name}`
      const found = await stat(join(root, name))
      if (found.isFile()) yield { path, size: found.size, modifiedAt: found.mtime }
    }
  }

  async delete(path: string): Promise<void> {
    await rm(join(this.#root, path), { force: true })
  }
}

function ignoreMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
}
