import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * A fresh folder, removed when the process of this test file exits.
 *
 * Not with the test: readers in it may be closed only after that, and closing writes.
 */
export function tempFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'shardyfusion-examples-')))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))
  return folder
}
