import { readdir, rmdir, stat, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { compareUtf8 } from '../../text/compare-utf8.js'
import type { Step } from './file-call.js'
import { isAbsence } from './file-error.js'
import { fileNameToSegment } from './file-url.js'

/** One name below a directory; `leftover` is what a crashed put, ours or an engine's, has left. */
export interface TreeEntry {
  readonly kind: 'object' | 'directory' | 'leftover'
  readonly path: string
  readonly url: string
}

/**
 * The entries of one directory, ordered so that visiting them depth first meets URLs in UTF-8 order.
 *
 * That is: a directory counts as `name/`, so `a-b` comes before the content of `a`, since "-" < "/".
 * No such directory gives none. Links to files count as files; links to directories are passed over,
 * so that nothing loops and nothing outside is listed or deleted.
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

/** Every object below, in UTF-8 order of URL, one directory in memory per level. */
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

/** True when an object lies below, at any depth. */
export async function holdsObjects(path: string, step: Step): Promise<boolean> {
  for await (const _ of walkObjects(path, 'file:', step)) return true
  return false
}

/** Deletes objects, leftovers and the directories this empties; gives the number of objects. */
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
  // What keeps a directory (a put beside us, no right to its parent) keeps no object.
  await rmdir(path).catch(() => undefined)
  return removed
}

/** Removes the directories above `path` that hold nothing, up to but not including `within`. */
export async function removeEmptyParents(path: string, within: string): Promise<void> {
  for (let parent = dirname(path); parent.length > within.length; parent = dirname(parent)) {
    try {
      await rmdir(parent)
    } catch {
      // It holds something, or may not be removed: then those above it hold something too.
      return
    }
  }
}

/** Removes directories that hold nothing but directories; fails at the first that holds more. */
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
