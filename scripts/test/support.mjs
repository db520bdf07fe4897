import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/**
 * A temporary folder with the given files, removed when the test ends.
 *
 * @param {import('node:test').TestContext} t
 * @param {Record<string, string>} files text by path
 */
export function folder(t, files) {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'shardyfusion-scripts-')))
  t.after(() => rmSync(dir, { recursive: true, force: true }))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true })
    writeFileSync(join(dir, path), text)
  }
  return dir
}
