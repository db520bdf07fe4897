import {
  setCacheBudget,
  SqliteFile,
  SqliteFileError,
  SqliteImage,
  type SqliteSource,
} from 'sqlite-file'
import { damagedShard } from '../engine/compare-seal.js'
import type { EngineReader, EngineReaderOptions } from '../engine/engine.js'
import { notFound } from '../errors/error-factories.js'
import type { ObjectStore } from '../store/object-store.js'
import { MAX_VALUE_BYTES } from '../text/value-limits.js'
import { readsByRange } from './access-mode.js'
import { imageTable } from './image-table.js'
import { requireObjects, SHARD_FILE, shardFileUrl, TABLE } from './shard-file.js'
import type { SqliteSettings } from './sqlite-options.js'
import { sqliteError } from './sqlite-error.js'
import { SqliteReader } from './sqlite-reader.js'

const WHERE = 'sqlite engine: openReader'

interface Place {
  readonly objects: ObjectStore
  /** Of the shard. */
  readonly url: string
  readonly signal: AbortSignal | undefined
}

/** Opens a shard for reading: whole, or by range in one round trip if its size is known. */
export async function openSqliteReader(
  o: EngineReaderOptions,
  { mode, cacheBytes }: SqliteSettings,
): Promise<EngineReader> {
  const { url, signal, seal, snapshotBytes, maxValueBytes = MAX_VALUE_BYTES } = o
  if (cacheBytes !== undefined) setCacheBudget(cacheBytes)
  const place: Place = { objects: requireObjects(o.objects, url, WHERE), url, signal }
  const sealed = seal?.objects[SHARD_FILE]?.bytes
  // 0 in a manifest means that the size is unknown.
  const recorded = sealed ?? (o.bytes || undefined)
  const bytes =
    recorded ?? (mode === 'auto' && snapshotBytes === undefined ? await sizeOf(place) : undefined)
  try {
    if (!readsByRange(mode, snapshotBytes, bytes ?? 0)) {
      const table = imageTable(await download(place, sealed))
      return new SqliteReader(table, url, maxValueBytes)
    }
    const file = await openFile(place, bytes ?? (await sizeOf(place)), sealed !== undefined)
    const table = file.keyValue(TABLE)
    const verify = async (): Promise<readonly string[]> => (await file.verify()).problems
    return new SqliteReader(
      {
        peek: (key) => table.peek(key),
        getMany: (keys) => table.getMany(keys),
        scan: (range, options) => table.scan(range, options),
        keysPerBatch: Math.max(1, Math.floor(BATCH_BYTES / file.header.pageSize)),
        verify,
        close: () => file.close(),
      },
      url,
      maxValueBytes,
    )
  } catch (error) {
    throw sqliteError(error, WHERE, url)
  }
}

/** Pages of this many bytes are fetched for a batch of keys at a time. */
const BATCH_BYTES = 32 * 1024 * 1024

/** Opens the file by range. A size that is not sealed may be that of more than the file; then the store is asked. */
async function openFile(place: Place, size: number, isSealed: boolean): Promise<SqliteFile> {
  const { signal } = place
  try {
    return await SqliteFile.open(fileSource(place, size), { signal })
  } catch (error) {
    if (!(error instanceof SqliteFileError)) throw error
    const actual = await sizeOf(place)
    if (actual === size) throw error
    if (isSealed) throw differs(place, actual, size)
    return SqliteFile.open(fileSource(place, actual), { signal })
  }
}

async function download(place: Place, sealed: number | undefined): Promise<SqliteImage> {
  const { objects, url, signal } = place
  const image = await objects.get(shardFileUrl(url), { signal })
  if (image === undefined) throw missing(url)
  if (sealed !== undefined && image.length !== sealed) throw differs(place, image.length, sealed)
  return new SqliteImage(image)
}

async function sizeOf({ objects, url, signal }: Place): Promise<number> {
  const info = await objects.head(shardFileUrl(url), { signal })
  if (info === undefined) throw missing(url)
  return info.bytes
}

function fileSource({ objects, url }: Place, size: number): SqliteSource {
  const file = shardFileUrl(url)
  return {
    size,
    async read(offset, length) {
      const bytes = await objects.get(file, { range: { start: offset, end: offset + length } })
      if (bytes === undefined) throw missing(url)
      return bytes
    },
  }
}

function missing(url: string): Error {
  return notFound(WHERE, `the shard ${url} does not exist: it has no ${SHARD_FILE}`, {
    peer: 'DbAdapterError',
    details: { url },
  })
}

function differs({ url }: Place, actual: number, sealed: number): Error {
  return damagedShard(WHERE, url, [`${SHARD_FILE} has ${actual} bytes instead of ${sealed}`])
}
