import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

interface Scope {
  after: (clean: () => Promise<void>) => unknown
}

/** A fresh folder, removed when the test ends. */
export async function tempFolder(t: Scope): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'shardyfusion-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** The same as a `file://` prefix. */
export async function tempPrefix(t: Scope): Promise<string> {
  return pathToFileURL(await tempFolder(t)).href
}
