import { readdirSync, statSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository's root folder, without a trailing separator. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '')

/** Every file below `dir`, as absolute paths in a stable order; none if `dir` does not exist. */
export function filesBelow(/** @type {string} */ dir) {
  if (!isDirectory(dir)) return []
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

export function isDirectory(/** @type {string} */ path) {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}

/** `path` relative to the root, with forward slashes on every platform. */
export function fromRoot(/** @type {string} */ path) {
  return relative(ROOT, path).split(sep).join('/')
}
