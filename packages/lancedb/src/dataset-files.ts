import { mkdir, open, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { EngineReaderOptions, ObjectStore, SealedObject } from '@shardyfusion/core/extend'
import { checkFile } from './check-file.js'
import { damagedDataset, DATASET, missingDataset } from './dataset-error.js'
import { openTemporaryFolder, type TemporaryFolder } from './temporary-folder.js'

const PIECE_BYTES = 8 << 20
const CONCURRENCY = 8
/** What LanceDB names its files; anything else must not become a path. */
const SEGMENT = /^[\w=-][\w.=-]*$/
/** Paths that LanceDB takes as they are; it reads others as URLs. */
const PLAIN_PATH = /^\/[\w./=-]*$/
const INDICES = '_indices/'
/** For writers alone. */
const UNUSED = '_transactions/'

/** The files of a dataset in a folder of this machine. */
export interface DatasetFiles {
  /** The folder that has the table. */
  readonly folder: string
  /** Makes an index available; the other files are there. */
  loadIndex(uuid: string): Promise<void>
  close(): Promise<void>
}

/**
 * Finds the files of a shard, or copies them from its store: all but its indexes.
 *
 * Errors: SHARD_NOT_FOUND if there are none.
 */
export async function openDatasetFiles(
  { url, objects, seal, signal }: EngineReaderOptions,
  temporaryFolder: string | undefined,
): Promise<DatasetFiles> {
  const path = objects!.scheme === 'file' ? fileURLToPath(new URL(url)) : undefined
  if (path !== undefined && PLAIN_PATH.test(path)) {
    const versions = await objects!.listPrefixes(`${url}/${DATASET}`, { signal })
    if (!versions.some((at) => at.endsWith('/_versions'))) throw missingDataset(url)
    await checkFolder(path, 'data', url)
    return {
      folder: path,
      loadIndex: (uuid) => checkFolder(path, `${INDICES}${uuid}`, url),
      close: async () => {},
    }
  }
  const found = new Map<string, SealedObject>()
  const prefix = `${DATASET}/`
  for (const [name, object] of Object.entries(seal?.objects ?? {}))
    if (name.startsWith(prefix)) found.set(name.slice(prefix.length), object)
  if (found.size === 0) {
    for await (const { url: at, bytes } of objects!.list(`${url}/${DATASET}`, { signal }))
      found.set(at.slice(url.length + 1 + prefix.length), { bytes })
  }
  if (found.size === 0) throw missingDataset(url)
  const names = [...found.keys()]
  const bad = names.find((name) => !name.split('/').every((segment) => SEGMENT.test(segment)))
  if (bad !== undefined)
    throw damagedDataset(url, `an object has the name ${JSON.stringify(bad.slice(0, 200))}`)
  const folder = await openTemporaryFolder(temporaryFolder)
  const copy = new Copy(url, objects!, found, folder)
  try {
    await copy.load((name) => !name.startsWith(INDICES) && !name.startsWith(UNUSED), signal)
  } catch (error) {
    await copy.close()
    throw error
  }
  return copy
}

/** Checks the files of a folder of the dataset. */
async function checkFolder(path: string, below: string, url: string): Promise<void> {
  const folder = join(path, DATASET, below)
  const names = await readdir(folder).catch(() => [])
  for (const name of names) await checkFile(join(folder, name), `${below}/${name}`, url)
}

interface Piece {
  readonly name: string
  readonly start: number
  readonly end: number
}

/** A copy in a temporary folder. */
class Copy implements DatasetFiles {
  readonly folder: string
  readonly #url: string
  readonly #objects: ObjectStore
  readonly #found: ReadonlyMap<string, SealedObject>
  readonly #temporary: TemporaryFolder
  readonly #indexes = new Map<string, Promise<void>>()

  constructor(
    url: string,
    objects: ObjectStore,
    found: ReadonlyMap<string, SealedObject>,
    temporary: TemporaryFolder,
  ) {
    this.folder = temporary.path
    this.#url = url
    this.#objects = objects
    this.#found = found
    this.#temporary = temporary
  }

  loadIndex(uuid: string): Promise<void> {
    const known = this.#indexes.get(uuid)
    if (known !== undefined) return known
    const loading = this.load((name) => name.startsWith(`${INDICES}${uuid}/`))
    this.#indexes.set(uuid, loading)
    loading.catch(() => this.#indexes.delete(uuid))
    return loading
  }

  close(): Promise<void> {
    return this.#temporary.remove()
  }

  /** Copies files, a few pieces at a time. */
  async load(isWanted: (name: string) => boolean, signal?: AbortSignal): Promise<void> {
    const pieces: Piece[] = []
    const wanted = [...this.#found].filter(([name]) => isWanted(name))
    for (const [name, { bytes }] of wanted) {
      await mkdir(dirname(this.#pathOf(name)), { recursive: true })
      await (await open(this.#pathOf(name), 'w')).close()
      for (let start = 0; start < bytes; start += PIECE_BYTES)
        pieces.push({ name, start, end: Math.min(bytes, start + PIECE_BYTES) })
    }
    const queue = pieces.values()
    let failed = false
    const work = async (): Promise<void> => {
      for (const piece of queue) {
        if (failed) return
        try {
          await this.#copy(piece, signal)
        } catch (error) {
          failed = true
          throw error
        }
      }
    }
    const workers = Array.from({ length: Math.min(CONCURRENCY, pieces.length) }, work)
    // All have ended before the folder may be removed.
    for (const ended of await Promise.allSettled(workers))
      if (ended.status === 'rejected') throw ended.reason
    for (const [name, object] of wanted)
      await checkFile(this.#pathOf(name), name, this.#url, object)
  }

  async #copy({ name, start, end }: Piece, signal: AbortSignal | undefined): Promise<void> {
    const at = `${this.#url}/${DATASET}/${name}`
    const bytes = await this.#objects.get(at, { range: { start, end }, signal })
    if (bytes?.length !== end - start) {
      throw damagedDataset(
        this.#url,
        bytes === undefined
          ? `${name} is missing`
          : `${name} must have at least ${end} bytes, got ${start + bytes.length}`,
      )
    }
    const file = await open(this.#pathOf(name), 'r+')
    try {
      await file.write(bytes, 0, bytes.length, start)
    } finally {
      await file.close()
    }
  }

  #pathOf(name: string): string {
    return join(this.folder, DATASET, ...name.split('/'))
  }
}
