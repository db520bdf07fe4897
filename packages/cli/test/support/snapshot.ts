import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { writeSnapshot } from '@shardyfusion/core'
import { tempFolder } from './temp-folder.js'

export interface TestSnapshot {
  readonly folder: string
  readonly prefix: string
}

/** A place for a snapshot, with nothing in it. */
export function emptyPlace(): TestSnapshot {
  const folder = tempFolder()
  return { folder, prefix: pathToFileURL(join(folder, 'snap')).href }
}

/** A snapshot with rows `{ id, name }` under the ids 0, 1, 2, …, by run id in the order they were published. */
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
      valueEncoding: 'json',
    })
  }
  return place
}

/** Writes a file beside the snapshot; gives its path. */
export function fileIn(
  { folder }: TestSnapshot,
  name: string,
  content: string | Uint8Array,
): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}
