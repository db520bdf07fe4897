import { fsync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { promisify } from 'node:util'
import { errnoOf } from './file-error.js'

/**
 * Makes the bytes of an open file survive a power failure.
 *
 * Yarn's Plug'n'Play replaces `node:fs` with handles that have no `sync`; the descriptor works.
 */
export async function syncHandle(handle: FileHandle): Promise<void> {
  try {
    await handle.sync()
  } catch (error) {
    // Errors of the system have a code.
    if (errnoOf(error) !== undefined) throw error
    await promisify(fsync)(handle.fd)
  }
}
