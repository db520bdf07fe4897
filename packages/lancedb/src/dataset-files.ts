import { type FileHandle, mkdir, open, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { EngineReaderOptions, ObjectStore, SealedObject } from '@shardyfusion/core/extend'
import { invalidOption } from '@shardyfusion/core/internal-vector'
import { checkFile } from './check-file.js'
import { damagedDataset, DATASET, diskError, missingDataset } from './dataset-error.js'
import { diskBudget, type DiskUser } from './disk-budget.js'
import type { LanceDbSettings } from './lancedb-options.js'
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
 * Finds the files of a shard, or copies them from its store: all but its indexes, which have their room on disk, too.
 *
 * Errors: SHARD_NOT_FOUND if there are none; SHARD_INVALID_OPTION if they are more than `temporaryBytes`; SHARD_ENGINE if
 * the disk is full.
 */
export async function openDatasetFiles(
  { url, objects, seal, signal }: EngineReaderOptions,
  { temporaryFolder, temporaryBytes }: LanceDbSettings,
  user: DiskUser,
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
  const bytes = sizeOf(found)
  if (bytes > temporaryBytes) {
    throw invalidOption(
      'lancedb',
      `temporaryBytes must be at least ${bytes}, the bytes of the shard ${url} with its indexes, got ${temporaryBytes}`,
      { details: { url } },
    )
  }
  await diskBudget.reserve(user, bytes, temporaryBytes, signal)
  const release = (): void => diskBudget.release(user)
  let copy: Copy | undefined
  try {
    const folder = await openTemporaryFolder(temporaryFolder)
    copy = new Copy(url, objects!, found, folder, release)
    await copy.load((name) => !name.startsWith(INDICES) && !name.startsWith(UNUSED), signal)
    return copy
  } catch (error) {
    await copy?.close()
    release()
    throw error
  }
}

function sizeOf(found: ReadonlyMap<string, SealedObject>): number {
  let sum = 0
  for (const [name, { bytes }] of found) if (!name.startsWith(UNUSED)) sum += bytes
  return sum
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
  readonly #release: () => void
  readonly #indexes = new Map<string, Promise<void>>()

  constructor(
    url: string,
    objects: ObjectStore,
    found: ReadonlyMap<string, SealedObject>,
    temporary: TemporaryFolder,
    release: () => void,
  ) {
    this.folder = temporary.path
    this.#url = url
    this.#objects = objects
    this.#found = found
    this.#temporary = temporary
    this.#release = release
  }

  loadIndex(uuid: string): Promise<void> {
    const known = this.#indexes.get(uuid)
    if (known !== undefined) return known
    const loading = this.load((name) => name.startsWith(`${INDICES}${uuid}/`))
    this.#indexes.set(uuid, loading)
    loading.catch(() => this.#indexes.delete(uuid))
    return loading
  }

  async close(): Promise<void> {
    try {
      await this.#temporary.remove()
    } finally {
      this.#release()
    }
  }

  /** Copies files, a few pieces at a time. */
  async load(isWanted: (name: string) => boolean, signal?: AbortSignal): Promise<void> {
    try {
      await this.#load(isWanted, signal)
    } catch (error) {
      throw diskError(this.#url, error, this.folder, sizeOf(this.#found)) ?? error
    }
  }

  async #load(isWanted: (name: string) => boolean, signal?: AbortSignal): Promise<void> {
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
      await writeAll(file, bytes, start)
    } finally {
      await file.close()
    }
  }

  #pathOf(name: string): string {
    return join(this.folder, DATASET, ...name.split('/'))
  }
}

/** A disk that is almost full takes a part of what a call writes. */
async function writeAll(file: FileHandle, bytes: Uint8Array, start: number): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, at, bytes.length - at, start + at)
    at += bytesWritten
  }
}
