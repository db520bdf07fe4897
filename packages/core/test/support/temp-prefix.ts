import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { pathToFileURL } from 'node:url'

/** A fresh folder as a `file://` prefix, removed when the test ends. */
export async function tempPrefix(t: Pick<TestContext, 'after'>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'shardyfusion-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return pathToFileURL(folder).href
}
