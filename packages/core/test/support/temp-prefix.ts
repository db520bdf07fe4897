import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** A fresh folder as a `file://` prefix, removed when the test ends. */
export async function tempPrefix(t: {
  after: (clean: () => Promise<void>) => unknown
}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'shardyfusion-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return pathToFileURL(folder).href
}
