import { open, readdir, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { type ObjectStore, openUpload } from '@shardyfusion/core/extend'

const PIECE_BYTES = 4 << 20
const CONCURRENCY = 4
/** For later writers alone, of which there are none. */
const TRANSACTIONS = '_transactions/'
const VERSIONS = '_versions/'

/**
 * Stores the files of the last version of a dataset, that version's own file last.
 *
 * @returns the bytes of each object by its name below `url`
 */
export async function uploadFolder(
  parent: string,
  name: string,
  objects: ObjectStore,
  url: string,
  signal: AbortSignal | undefined,
): Promise<Map<string, number>> {
  const folder = join(parent, name)
  const sizes = new Map<string, number>()
  for (const file of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue
    const path = join(file.parentPath ?? file.path, file.name)
    sizes.set(relative(folder, path).split(sep).join('/'), (await stat(path)).size)
  }
  for (const unused of unusedFiles([...sizes.keys()])) sizes.delete(unused)
  const upload = (at: string): Promise<void> =>
    uploadFile(join(folder, ...at.split('/')), objects, `${url}/${at}`, signal)
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
  return sizes
}

/** Earlier versions, and transactions; names of versions count down, so that the last one sorts first. */
function unusedFiles(names: readonly string[]): string[] {
  const versions = names.filter((at) => /^_versions\/\d{20}\.manifest$/.test(at)).sort()
  return [...versions.slice(1), ...names.filter((at) => at.startsWith(TRANSACTIONS))]
}

async function uploadFile(
  path: string,
  objects: ObjectStore,
  url: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const file = await open(path)
  try {
    const upload = await openUpload(objects, url, { signal })
    try {
      const buffer = new Uint8Array(PIECE_BYTES)
      for (;;) {
        const { bytesRead } = await file.read(buffer, 0, buffer.length)
        if (bytesRead === 0) break
        await upload.write(buffer.subarray(0, bytesRead))
      }
      await upload.complete()
    } catch (error) {
      await upload.abort()
      throw error
    }
  } finally {
    await file.close()
  }
}
