import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

/** An empty directory that goes away with the test. */
export async function tempDirectory(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(await realpath(tmpdir()), 'shardyfusion-'))
  t.after(() => rm(path, { recursive: true, force: true }))
  return path
}
