import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** A folder for the snapshots of one test. */
export interface TempStore extends AsyncDisposable {
  /** A `file://` prefix, for readers and writers. */
  readonly prefix: string
  /** Path of the folder. */
  readonly folder: string
  /** Removes it; idempotent. Close readers and writers first. */
  remove(): Promise<void>
}

/**
 * Makes an empty folder below the system's directory for temporary files.
 *
 * @example
 * await using store = await tempStore()
 * await seedSnapshot({ prefix: store.prefix, rows: [[1, 'one']], values: 'utf8' })
 */
export async function tempStore(): Promise<TempStore> {
  const folder = await mkdtemp(join(await realpath(tmpdir()), 'shardyfusion-'))
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true, maxRetries: 3 })
  return {
    prefix: pathToFileURL(folder).href,
    folder,
    remove,
    [Symbol.asyncDispose]: remove,
  }
}
