import { mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import pLimit from 'p-limit'
import type { Step } from './file-call.js'
import { errnoOf, isAbsence } from './file-error.js'
import { readTree } from './file-tree.js'

const SYNC_CONCURRENCY = 8

/** Answers of file systems that have no fsync for directories. */
const CANNOT_SYNC = new Set(['EBADF', 'EINVAL', 'EISDIR', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'])

/** Makes a file's bytes survive a power failure; its name needs the directory synced as well. */
async function syncFile(path: string): Promise<void> {
  // Windows flushes only handles that may write; elsewhere sealed files may be read-only.
  const handle = await open(path, process.platform === 'win32' ? 'r+' : 'r')
  try {
    await handle.sync()
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

/** Directories being made; a put that finds one here waits until the maker has made it durable. */
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
    // A root or drive answers otherwise than EEXIST on some systems; if it is no directory, the open says so.
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
 * Above, because whoever wrote here may have made those directories too, and a lost name up there loses all.
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
          // An engine's own clean-up may take files away meanwhile.
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

/** True for directories this process can neither read nor write, so that it made none of their names. */
function isOutOfReach(error: unknown): boolean {
  return isAbsence(error) || ['EACCES', 'EPERM', 'EROFS'].includes(errnoOf(error) ?? '')
}

function unless(harmless: (error: unknown) => boolean): (error: unknown) => void {
  return (error) => {
    if (!harmless(error)) throw error
  }
}
