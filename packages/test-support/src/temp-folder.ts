import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const folders: string[] = []

/**
 * A new folder, which is removed when the process of this test file exits.
 *
 * It is not removed with the test, because the hooks of a test run in the order of their registration, so readers in the
 * folder would be closed later, and closing writes.
 */
export function tempFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'shardyfusion-')))
  if (folders.push(folder) === 1) process.once('exit', removeFolders)
  return folder
}

/** The same as a `file://` prefix. */
export function tempPrefix(): string {
  return pathToFileURL(tempFolder()).href
}

function removeFolders(): void {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
}
