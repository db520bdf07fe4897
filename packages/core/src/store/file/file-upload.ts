import { open, rename, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { UploadSink } from '../upload/start-upload.js'
import type { Step } from './file-call.js'
import { makeDirectory, syncDirectory } from './file-durability.js'
import { NEW_FILE, syncHandle } from './sync-handle.js'
import { errnoOf, isAbsence } from './file-error.js'
import { unfinishedPath, writeAll } from './file-objects.js'
import { removeEmptyTree } from './file-tree.js'

/** Runs steps within the bounds of the store; `isCleanup` if the caller's abort must not end them. */
type Bounded = (work: (step: Step) => Promise<void>, isCleanup?: boolean) => Promise<void>

/** Opens an unfinished file in the directory of `path`; `commit` renames it. */
export async function openFileUpload(path: string, bounded: Bounded): Promise<UploadSink> {
  const directory = dirname(path)
  const unfinished = unfinishedPath(directory)
  let handle: Awaited<ReturnType<typeof open>> | undefined
  const discard = async (): Promise<void> => {
    await handle?.close().catch(() => undefined)
    await unlink(unfinished).catch((error: unknown) => {
      if (!isAbsence(error)) throw error
    })
  }
  const opening = async (step: Step): Promise<void> => {
    step()
    await makeDirectory(directory)
    step()
    handle = await open(unfinished, NEW_FILE)
    try {
      step()
    } catch (error) {
      // The caller gave up while the file was being made.
      await discard()
      throw error
    }
  }
  await bounded(opening)
  const file = handle!
  return {
    append: (bytes) => bounded((step) => writeAll(file, bytes, step)),
    commit: (head) =>
      bounded(async (step) => {
        if (head !== undefined) await writeAll(file, head, step, 0)
        step()
        await syncHandle(file)
        step()
        await file.close()
        step()
        await renameOver(unfinished, path)
        step()
        await syncDirectory(directory)
      }),
    discard: () => bounded(discard, true),
  }
}

/** Renames; empty directories in the way are removed, because object storage has none. */
async function renameOver(from: string, to: string): Promise<void> {
  try {
    await rename(from, to)
  } catch (error) {
    if (errnoOf(error) !== 'EISDIR' && errnoOf(error) !== 'EEXIST') throw error
    await removeEmptyTree(to)
    await rename(from, to)
  }
}
