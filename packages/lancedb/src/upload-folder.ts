import { createHash } from 'node:crypto'
import { open, readdir, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { type ObjectStore, openUpload, type SealedObject } from '@shardyfusion/core/extend'

const PIECE_BYTES = 4 << 20
const CONCURRENCY = 4
/** For later writers alone, of which there are none. */
const TRANSACTIONS = '_transactions/'
const VERSIONS = '_versions/'
/** Larger files have no digest: checks read an object that has one whole. */
const MAX_DIGESTED_BYTES = 64 << 20

/**
 * Stores the files of the last version of a dataset, that version's own file last.
 *
 * @returns the objects by their names below `url`
 */
export async function uploadFolder(
  parent: string,
  name: string,
  objects: ObjectStore,
  url: string,
  signal: AbortSignal | undefined,
): Promise<Map<string, SealedObject>> {
  const folder = join(parent, name)
  const sizes = new Map<string, number>()
  for (const file of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue
    const path = join(file.parentPath ?? file.path, file.name)
    sizes.set(relative(folder, path).split(sep).join('/'), (await stat(path)).size)
  }
  for (const unused of unusedFiles([...sizes.keys()])) sizes.delete(unused)
  const sealed = new Map<string, SealedObject>()
  const upload = async (at: string): Promise<void> => {
    const path = join(folder, ...at.split('/'))
    const sha256 = await uploadFile(path, objects, `${url}/${at}`, signal)
    const bytes = sizes.get(at)!
    sealed.set(at, bytes > MAX_DIGESTED_BYTES ? { bytes } : { bytes, sha256 })
  }
  const names = [...sizes.keys()]
  const queue = names.filter((at) => !at.startsWith(VERSIONS)).values()
  let failed = false
  const work = async (): Promise<void> => {
    for (const at of queue) {
      if (failed) return
      try {
        await upload(at)
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  for (const ended of await Promise.allSettled(Array.from({ length: CONCURRENCY }, work)))
    if (ended.status === 'rejected') throw ended.reason
  for (const at of names.filter((each) => each.startsWith(VERSIONS))) await upload(at)
  return sealed
}

/** Earlier versions, and transactions; names of versions count down, so that the last one sorts first. */
function unusedFiles(names: readonly string[]): string[] {
  const versions = names.filter((at) => /^_versions\/\d{20}\.manifest$/.test(at)).sort()
  return [...versions.slice(1), ...names.filter((at) => at.startsWith(TRANSACTIONS))]
}

/** Returns the digest of the file. */
async function uploadFile(
  path: string,
  objects: ObjectStore,
  url: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  const file = await open(path)
  const hash = createHash('sha256')
  try {
    const upload = await openUpload(objects, url, { signal })
    try {
      const buffer = new Uint8Array(PIECE_BYTES)
      for (;;) {
        const { bytesRead } = await file.read(buffer, 0, buffer.length)
        if (bytesRead === 0) break
        hash.update(buffer.subarray(0, bytesRead))
        await upload.write(buffer.subarray(0, bytesRead))
      }
      await upload.complete()
      return hash.digest('hex')
    } catch (error) {
      await upload.abort()
      throw error
    }
  } finally {
    await file.close()
  }
}
