import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MemoryStore } from '@shardyfusion/core'
import { copyGoldenFolder } from '@shardyfusion/test-support/copy-golden-folder'

const GOLDEN = fileURLToPath(new URL('../../test/golden/', import.meta.url))

export interface GoldenSearch {
  readonly query: readonly number[]
  readonly top_k: number
  readonly num_probes?: number
  readonly shard_ids?: readonly number[]
  readonly routing_context?: Readonly<Record<string, string>>
  readonly route?: readonly number[]
  readonly num_shards_queried: number
  readonly results: readonly {
    readonly id: number | string
    readonly id_type: 'int' | 'str'
    readonly score: number
    readonly payload: unknown
  }[]
}

export interface Golden {
  readonly prefix: string
  readonly objects: MemoryStore
  readonly expected: {
    readonly encoding: string
    readonly keys: readonly {
      readonly key: string
      readonly value: string
      readonly context?: Readonly<Record<string, string>>
    }[]
    readonly searches: readonly GoldenSearch[]
  }
}

/** A snapshot of the Python project, in a store of its own. */
export async function openGolden(name: string): Promise<Golden> {
  const folder = join(GOLDEN, name)
  const objects = new MemoryStore()
  const prefix = `memory://golden/${name}`
  await copyGoldenFolder(folder, objects, prefix)
  const expected = JSON.parse(
    await readFile(join(folder, 'expected.json'), 'utf8'),
  ) as Golden['expected']
  return { prefix, objects, expected }
}
