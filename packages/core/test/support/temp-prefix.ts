import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/**
 * A fresh folder as a `file://` prefix, removed when the process of this test file exits.
 *
 * Not with the test: its hooks run in the order they were registered in, so that the folder would be gone
 * before the readers in it are closed, and closing writes.
 */
export function tempPrefix(): string {
  const folder = mkdtempSync(join(tmpdir(), 'shardyfusion-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))
  return pathToFileURL(folder).href
}
