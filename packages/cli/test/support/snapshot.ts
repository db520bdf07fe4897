import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { writeSnapshot } from '@shardyfusion/core'
import { tempFolder } from '@shardyfusion/test-support/temp-folder'

export interface TestSnapshot {
  readonly folder: string
  readonly prefix: string
}

/** An empty place for a snapshot. */
export function emptyPlace(): TestSnapshot {
  const folder = tempFolder()
  return { folder, prefix: pathToFileURL(join(folder, 'snap')).href }
}

/** Publishes runs in the given order, each with rows `{ id, name }` and the ids 0, 1, 2, …. */
export async function publishedPlace(
  ...runs: (readonly [runId: string, rows: number])[]
): Promise<TestSnapshot> {
  const place = emptyPlace()
  for (const [runId, count] of runs) {
    const rows = Array.from({ length: count }, (_, id) => ({ id, name: `${runId}-${id}` }))
    await writeSnapshot(rows, {
      prefix: place.prefix,
      runId,
      sharding: { shards: 4 },
      key: 'id',
      values: 'json',
    })
  }
  return place
}

/** Writes a file next to the snapshot and returns its path. */
export function fileIn(
  { folder }: TestSnapshot,
  name: string,
  content: string | Uint8Array,
): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}
