import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const folders: string[] = []

/**
 * A fresh folder, removed when the process of this test file exits.
 *
 * Not with the test: its hooks run in the order they were registered in, so that the folder would be gone
 * before the readers in it are closed, and closing writes.
 */
export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'shardyfusion-'))
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
