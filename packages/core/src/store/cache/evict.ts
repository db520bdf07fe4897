import { stat } from 'node:fs/promises'
import type { CacheFiles } from './cache-files.js'

/** Returns the bytes of all files. */
export async function cachedBytes(files: CacheFiles): Promise<number> {
  let sum = 0
  for await (const { bytes } of files.walk()) sum += bytes
  return sum
}

/**
 * Removes the files that were not used for longest, until `maxBytes` are left; returns the bytes
 * that are left.
 *
 * Two passes: the first sums the bytes of each second, so that memory does not grow with the number
 * of files.
 */
export async function evict(files: CacheFiles, maxBytes: number): Promise<number> {
  const bySecond = new Map<number, number>()
  let sum = 0
  for await (const { path, bytes } of files.walk()) {
    const second = await usedAt(path)
    if (second === undefined) continue
    bySecond.set(second, (bySecond.get(second) ?? 0) + bytes)
    sum += bytes
  }
  let excess = sum - maxBytes
  if (excess <= 0) return sum
  let limit = 0
  for (const [second, bytes] of [...bySecond].sort(([a], [b]) => a - b)) {
    limit = second
    if (excess <= bytes) break
    excess -= bytes
  }
  // Everything before the limit goes, and of that second only the rest of the excess.
  for await (const { path, bytes } of files.walk()) {
    const second = await usedAt(path)
    if (second === undefined || second > limit || (second === limit && excess <= 0)) continue
    await files.remove(path)
    sum -= bytes
    if (second === limit) excess -= bytes
  }
  return sum
}

/** Returns the second in which a file was last used. */
async function usedAt(path: string): Promise<number | undefined> {
  const found = await stat(path).catch(() => undefined)
  return found && Math.floor(found.mtimeMs / 1000)
}
