import { constants } from 'node:fs'
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** An open file that disappears with its process, however that ends. */
export interface UnnamedFile {
  readonly handle: FileHandle
  /** Frees the disk space. */
  close(): Promise<void>
}

const IS_WINDOWS = process.platform === 'win32'
/**
 * `_O_TEMPORARY` of the C library of Windows, which Node passes on: the system removes the file
 * with its last handle.
 */
const DELETE_ON_CLOSE = 0x40
/** `__O_TMPFILE` of Linux: a file that never has a name. */
const NEVER_NAMED = 0o20000000
const { O_CREAT, O_DIRECTORY, O_EXCL, O_RDWR } = constants
const FLAGS = O_CREAT | O_EXCL | O_RDWR | (IS_WINDOWS ? DELETE_ON_CLOSE : 0)

/**
 * Opens a new file for rows in an existing folder. It has no name on Linux, and loses it at once
 * elsewhere.
 *
 * If an open file cannot lose its name (Windows, some network file systems), `close` removes the
 * name. On Windows the system removes the file of a killed process, but an empty folder stays.
 * Errors: those of the system calls.
 */
export async function openUnnamedFile(directory: string, use: string): Promise<UnnamedFile> {
  const handle = await openNeverNamed(directory)
  return handle === undefined
    ? openAndRemove(directory, use)
    : { handle, close: () => handle.close() }
}

async function openNeverNamed(directory: string): Promise<FileHandle | undefined> {
  if (process.platform !== 'linux') return undefined
  try {
    return await open(directory, NEVER_NAMED | O_DIRECTORY | O_RDWR, 0o600)
  } catch {
    // The file system may not support such files; for any other problem the next call has a better
    // error.
    return undefined
  }
}

async function openAndRemove(directory: string, use: string): Promise<UnnamedFile> {
  // A folder that no other user may enter: the file contains rows in plain form.
  const folder = await mkdtemp(join(directory, `shardyfusion-${use}-`))
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true, maxRetries: 3 })
  let handle: FileHandle
  try {
    handle = await open(join(folder, 'rows'), FLAGS, 0o600)
  } catch (error) {
    await remove().catch(() => {})
    throw error
  }
  const isRemoved =
    !IS_WINDOWS &&
    (await remove().then(
      () => true,
      () => false,
    ))
  return {
    handle,
    close: async () => {
      await handle.close()
      if (!isRemoved) await remove()
    },
  }
}
