import { readdir, rmdir, stat, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { compareUtf8 } from '../../text/compare-utf8.js'
import type { Step } from './file-call.js'
import { isAbsence } from './file-error.js'
import { fileNameToSegment } from './file-url.js'

/** One name below a directory. A `leftover` comes from a crashed put of ours or of an engine. */
export interface TreeEntry {
  readonly kind: 'object' | 'directory' | 'leftover'
  readonly path: string
  readonly url: string
}

/**
 * Reads the entries of one directory, ordered so that a depth-first visit meets URLs in UTF-8
 * order.
 *
 * A directory counts as `name/`, so `a-b` comes before the content of `a`, because "-" < "/". A
 * missing directory has no entries. Links to files count as files. Links to directories are
 * skipped, so that nothing loops and nothing outside is listed or deleted.
 */
export async function readTree(path: string, url: string): Promise<TreeEntry[]> {
  const found = await readdir(path, { withFileTypes: true }).catch((error: unknown) => {
    if (isAbsence(error)) return []
    throw error
  })
  const entries: { order: string; entry: TreeEntry }[] = []
  for (const dirent of found) {
    const place = { path: join(path, dirent.name), url: `${url}/${fileNameToSegment(dirent.name)}` }
    if (dirent.isDirectory()) {
      entries.push({ order: `${place.url}/`, entry: { kind: 'directory', ...place } })
    } else if (dirent.isFile() || (dirent.isSymbolicLink() && (await isFile(place.path)))) {
      const kind = dirent.name.includes('#') ? 'leftover' : 'object'
      entries.push({ order: place.url, entry: { kind, ...place } })
    }
  }
  return entries.sort((a, b) => compareUtf8(a.order, b.order)).map(({ entry }) => entry)
}

/** Lists every object below, in UTF-8 order of URL; holds one directory per level in memory. */
export async function* walkObjects(
  path: string,
  url: string,
  step: Step,
): AsyncGenerator<TreeEntry> {
  const open = [(await readTree(path, url)).values()]
  for (let entries = open.at(-1); entries !== undefined; entries = open.at(-1)) {
    step()
    const { value: entry, done } = entries.next()
    if (done === true) open.pop()
    else if (entry.kind === 'directory') open.push((await readTree(entry.path, entry.url)).values())
    else if (entry.kind === 'object') yield entry
  }
}

/** Returns true if an object exists below, at any depth. */
export async function holdsObjects(path: string, step: Step): Promise<boolean> {
  for await (const _ of walkObjects(path, 'file:', step)) return true
  return false
}

/**
 * Deletes objects, leftovers and the directories that become empty; returns the number of objects.
 */
export async function removeTree(path: string, step: Step): Promise<number> {
  let removed = 0
  for (const entry of await readTree(path, 'file:')) {
    step()
    if (entry.kind === 'directory') {
      removed += await removeTree(entry.path, step)
    } else if ((await unlinkIfThere(entry.path)) && entry.kind === 'object') {
      removed++
    }
  }
  // A directory that cannot be removed (a concurrent put, no right to its parent) holds no object.
  await rmdir(path).catch(() => undefined)
  return removed
}

/** Removes the empty directories above `path`, up to but not including `within`. */
export async function removeEmptyParents(path: string, within: string): Promise<void> {
  for (let parent = dirname(path); parent.length > within.length; parent = dirname(parent)) {
    try {
      await rmdir(parent)
    } catch {
      // It is not empty, or may not be removed: the same then holds for those above it.
      return
    }
  }
}

/** Removes directories that contain only directories; fails at the first that contains more. */
export async function removeEmptyTree(path: string): Promise<void> {
  for (const entry of await readTree(path, 'file:')) {
    if (entry.kind === 'directory') await removeEmptyTree(entry.path)
  }
  await rmdir(path)
}

async function unlinkIfThere(path: string): Promise<boolean> {
  try {
    await unlink(path)
    return true
  } catch (error) {
    if (isAbsence(error)) return false
    throw error
  }
}

async function isFile(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined)
  return found?.isFile() === true
}
