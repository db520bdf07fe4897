import { mkdtemp } from 'node:fs/promises'
import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** A folder for the data of one benchmark. It is removed when `work` or the process ends. */
export async function withTempDir<T>(work: (dir: TempDir) => Promise<T>): Promise<T> {
  const path = await mkdtemp(join(tmpdir(), 'shardyfusion-bench-'))
  const remove = (): void => rmSync(path, { recursive: true, force: true })
  const interrupted = (): void => process.exit(130)
  process.once('exit', remove)
  for (const signal of SIGNALS) process.once(signal, interrupted)
  try {
    return await work({ path, url: (name) => pathToFileURL(join(path, name)).href })
  } finally {
    process.off('exit', remove)
    for (const signal of SIGNALS) process.off(signal, interrupted)
    remove()
  }
}

export interface TempDir {
  readonly path: string
  /** The URL of a path in the folder. */
  url(name: string): string
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const
