import { rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { closeOnce, invalidOption } from '@shardyfusion/core/internal-vector'

/** A folder that does not outlive the process. */
export interface TemporaryFolder {
  readonly path: string
  /** Removes it; idempotent. */
  readonly remove: () => Promise<void>
}

const open = new Set<string>()
let isWatching = false

export async function openTemporaryFolder(parent: string = tmpdir()): Promise<TemporaryFolder> {
  let path: string
  try {
    path = await mkdtemp(join(parent, 'shardyfusion-lancedb-'))
  } catch (cause) {
    throw invalidOption(
      'lancedb',
      `temporaryFolder must be a folder that can be written, got ${parent}: ${(cause as Error).message}`,
      { cause },
    )
  }
  if (!isWatching) process.on('exit', removeAll)
  isWatching = true
  open.add(path)
  const remove = closeOnce(async () => {
    await rm(path, { recursive: true, force: true, maxRetries: 3 })
    open.delete(path)
  })
  return { path, remove }
}

function removeAll(): void {
  for (const path of open) rmSync(path, { recursive: true, force: true })
}
