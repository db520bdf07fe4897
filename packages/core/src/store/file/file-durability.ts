import { mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import pLimit from 'p-limit'
import type { Step } from './file-call.js'
import { errnoOf, isAbsence } from './file-error.js'
import { readTree } from './file-tree.js'
import { syncHandle } from './sync-handle.js'

const SYNC_CONCURRENCY = 8

/** Error codes of file systems that have no fsync for directories. */
const CANNOT_SYNC = new Set(['EBADF', 'EINVAL', 'EISDIR', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'])

/**
 * Makes a file's bytes survive a power failure. Its name survives only if the directory is synced
 * as well.
 */
async function syncFile(path: string): Promise<void> {
  // Windows flushes only handles opened for writing; elsewhere sealed files may be read-only.
  const handle = await open(path, process.platform === 'win32' ? 'r+' : 'r')
  try {
    await syncHandle(handle)
  } finally {
    await handle.close()
  }
}

/** Makes the names in a directory survive a power failure, where the platform can. */
export async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return
  await syncFile(path).catch((error: unknown) => {
    if (!CANNOT_SYNC.has(errnoOf(error) ?? '')) throw error
  })
}

/** Directories being made. A put that finds its directory here waits until it is durable. */
const making = new Map<string, Promise<void>>()

/** `mkdir -p` whose result survives a power failure. */
export function makeDirectory(path: string): Promise<void> {
  let pending = making.get(path)
  if (pending === undefined) {
    pending = makeOnce(path).finally(() => making.delete(path))
    making.set(path, pending)
  }
  return pending
}

async function makeOnce(path: string): Promise<void> {
  try {
    await mkdir(path)
  } catch (error) {
    const code = errnoOf(error)
    // Some systems do not return EEXIST for a root or drive; if it is not a directory, the open
    // reports that.
    if (code === 'EEXIST' || path === dirname(path)) return
    if (code !== 'ENOENT') throw error
    await makeDirectory(dirname(path))
    await mkdir(path).catch((again: unknown) => {
      if (errnoOf(again) !== 'EEXIST') throw again
    })
  }
  await syncDirectory(dirname(path))
}

/**
 * Syncs files and directories below, then every directory above.
 *
 * The writer may have made the directories above too, and losing one of their names loses
 * everything below.
 */
export async function syncTree(path: string, step: Step): Promise<void> {
  const limit = pLimit(SYNC_CONCURRENCY)
  const syncBelow = async (directory: string): Promise<void> => {
    const entries = await readTree(directory, 'file:')
    await Promise.all(
      entries.map(async (entry) => {
        if (entry.kind === 'directory') return syncBelow(entry.path)
        return limit(async () => {
          step()
          // An engine may remove files during its own clean-up.
          await syncFile(entry.path).catch(unless(isAbsence))
        })
      }),
    )
    await syncDirectory(directory).catch(unless(isAbsence))
  }
  await syncBelow(path)
  for (let child = path; child !== dirname(child); child = dirname(child)) {
    step()
    await syncDirectory(dirname(child)).catch(unless(isOutOfReach))
  }
}

/** The last is that of Node's `--permission`. */
const OUT_OF_REACH = new Set(['EACCES', 'EPERM', 'EROFS', 'ERR_ACCESS_DENIED'])

/**
 * Returns true for directories that this process can neither read nor write, and so made no names
 * in.
 */
function isOutOfReach(error: unknown): boolean {
  return isAbsence(error) || OUT_OF_REACH.has(errnoOf(error) ?? '')
}

function unless(harmless: (error: unknown) => boolean): (error: unknown) => void {
  return (error) => {
    if (!harmless(error)) throw error
  }
}
