import { constants, fsync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { errnoOf } from './file-error.js'

/** Recent versions of Node refuse fsync to all programs that run with `--permission`. */
const isRestricted = (process as { permission?: unknown }).permission !== undefined

const { O_CREAT, O_EXCL, O_SYNC, O_WRONLY } = constants

/** Flags to open a new file with; where fsync is refused, each write reaches the disk before it ends. */
export const NEW_FILE: string | number =
  isRestricted && O_SYNC !== undefined ? O_CREAT | O_EXCL | O_SYNC | O_WRONLY : 'wx'

/**
 * Makes the bytes of an open file survive a power failure.
 *
 * Yarn's Plug'n'Play replaces `node:fs` with handles that have no `sync`; the descriptor works.
 */
export async function syncHandle(handle: FileHandle): Promise<void> {
  try {
    await handle.sync()
  } catch (error) {
    if (isRestricted && errnoOf(error) === 'ERR_ACCESS_DENIED') return
    // Errors of the system have a code.
    if (errnoOf(error) !== undefined) throw error
    await new Promise<void>((resolve, reject) => {
      fsync(handle.fd, (cause) => (cause === null ? resolve() : reject(cause)))
    })
  }
}
