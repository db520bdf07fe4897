import { constants } from 'node:fs'
import { link, open, rename, stat, unlink } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { clipRange } from '../transfer/clip-range.js'
import type { Step } from './file-call.js'
import { makeDirectory, syncDirectory } from './file-durability.js'
import { errnoOf, isAbsence } from './file-error.js'
import { removeEmptyTree } from './file-tree.js'
import { NEW_FILE, syncHandle } from './sync-handle.js'
import { unfilledBytes } from './unfilled-bytes.js'
import type { GetObjectOptions, ObjectInfo, PutObjectOptions } from '../object-store.js'

/** Bytes moved in one step. */
const PIECE_BYTES = 8 * 1024 * 1024
/** A range that is read before the size of its file is known; not the 64 KiB and one byte a pointer may have. */
const SMALL_BYTES = 64 * 1024
const PUT_TRIES = 4
/** Opening a named pipe must not wait for a writer at its other end. */
export const READ = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)

/**
 * Returns the file's bytes, or those of a range. Never torn: a put replaces the file instead of
 * rewriting it.
 */
export async function readObject(
  path: string,
  { range }: GetObjectOptions,
  step: Step,
): Promise<Uint8Array | undefined> {
  const handle = await open(path, READ).catch(absentAsUndefined)
  if (handle === undefined) return undefined
  try {
    step()
    const whole = await readExactly(handle, range)
    if (whole !== undefined) return whole
    step()
    const found = await handle.stat()
    if (!found.isFile()) return undefined
    const { start, end } = clipRange(range, found.size)
    const bytes = unfilledBytes(end - start)
    let done = 0
    while (done < bytes.length) {
      step()
      const length = Math.min(bytes.length - done, PIECE_BYTES)
      const { bytesRead } = await handle.read(bytes, done, length, start + done)
      // Another program has truncated the file.
      if (bytesRead === 0) return bytes.slice(0, done)
      done += bytesRead
    }
    return bytes
  } finally {
    await handle.close()
  }
}

/**
 * A small range, if the file has all of it: one call less, since its size need not be known.
 *
 * Engines ask for ranges they know to be there.
 */
async function readExactly(
  handle: FileHandle,
  range: GetObjectOptions['range'],
): Promise<Uint8Array | undefined> {
  if (range === undefined) return undefined
  const { start, end } = range
  const length = end - start
  const isSmall = start >= 0 && length > 0 && length <= SMALL_BYTES
  if (!isSmall || !Number.isSafeInteger(start) || !Number.isInteger(length)) return undefined
  const bytes = unfilledBytes(length)
  try {
    const { bytesRead } = await handle.read(bytes, 0, length, start)
    return bytesRead === length ? bytes : undefined
  } catch {
    // A directory, or a pipe: the caller looks at what it is, and meets any other error again.
    return undefined
  }
}

export async function describeObject(url: string, path: string): Promise<ObjectInfo | undefined> {
  const found = await stat(path).catch(absentAsUndefined)
  if (found?.isFile() !== true) return undefined
  return { url, bytes: found.size, modifiedAt: found.mtime }
}

export async function removeObject(path: string): Promise<void> {
  await unlink(path).catch(async (error: unknown) => {
    // Systems differ in the error for a directory, which is not an object.
    if (isAbsence(error) || (await isDirectory(path))) return
    throw error
  })
}

/** Writes the file so that it becomes visible whole and durable at once, or not at all. */
export async function putObject(
  path: string,
  bytes: Uint8Array,
  options: PutObjectOptions,
  step: Step,
): Promise<boolean> {
  // This only saves work; the link below decides.
  if (options.ifAbsent === true && (await isFile(path))) return false
  for (let tries = 1; ; tries++) {
    try {
      return await putOnce(path, bytes, options, step)
    } catch (error) {
      if (tries === PUT_TRIES || !(await canRetry(error, path))) throw error
    }
  }
}

async function putOnce(
  path: string,
  bytes: Uint8Array,
  { ifAbsent }: PutObjectOptions,
  step: Step,
): Promise<boolean> {
  const directory = dirname(path)
  step()
  await makeDirectory(directory)
  step()
  const unfinished = unfinishedPath(directory)
  const handle = await open(unfinished, NEW_FILE)
  try {
    try {
      await writeAll(handle, bytes, step)
      step()
      await syncHandle(handle)
    } finally {
      await handle.close()
    }
    step()
    if (ifAbsent !== true) {
      await rename(unfinished, path)
    } else if (!(await linkIfAbsent(unfinished, path))) {
      await unlink(unfinished)
      return false
    } else {
      // The object is stored; deletePrefix removes a leftover name.
      await unlink(unfinished).catch(() => undefined)
    }
  } catch (error) {
    await unlink(unfinished).catch(() => undefined)
    throw error
  }
  step()
  await syncDirectory(directory)
  return true
}

/** Returns a new name in the directory. No legal key contains a `#`, so lists skip the name. */
export function unfinishedPath(directory: string): string {
  return join(directory, `#${globalThis.crypto.randomUUID()}`)
}

/** Writes all bytes, at the current position or at `position`. */
export async function writeAll(
  handle: FileHandle,
  bytes: Uint8Array,
  step: Step,
  position?: number,
): Promise<void> {
  let done = 0
  while (done < bytes.length) {
    step()
    const length = Math.min(bytes.length - done, PIECE_BYTES)
    const at = position === undefined ? null : position + done
    done += (await handle.write(bytes, done, length, at)).bytesWritten
  }
}

/**
 * Links with a hard link: the only operation that refuses an existing name in every process and
 * never replaces it.
 */
async function linkIfAbsent(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    if (errnoOf(error) === 'EEXIST' && (await isFile(to))) return false
    throw error
  }
}

/**
 * Returns true if a concurrent clean-up removed the directory, or if only empty directories were in
 * the way.
 */
async function canRetry(error: unknown, path: string): Promise<boolean> {
  const code = errnoOf(error)
  if (code === 'ENOENT') return true
  if (code !== 'EISDIR' && code !== 'EEXIST') return false
  try {
    await removeEmptyTree(path)
    return true
  } catch (inTheWay) {
    return isAbsence(inTheWay)
  }
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(absentAsUndefined))?.isFile() === true
}

async function isDirectory(path: string): Promise<boolean> {
  return (await stat(path).catch(absentAsUndefined))?.isDirectory() === true
}

function absentAsUndefined(error: unknown): undefined {
  if (!isAbsence(error)) throw error
}
