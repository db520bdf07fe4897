// A strict program that names types of every entry; only its types are checked.
import {
  jsonValues,
  type Key,
  type ShardingOption,
  type SnapshotReaderOptions,
  SnapshotReader,
  writeSnapshot,
} from '@shardyfusion/core'
import * as extend from '@shardyfusion/core/extend'
import { listSnapshots } from '@shardyfusion/core/maintain'
import * as tasks from '@shardyfusion/core/tasks'
import * as testing from '@shardyfusion/core/testing'
import { SnapshotReaderSync, writeSnapshotSync } from '@shardyfusion/sync'
import * as maintain from '@shardyfusion/sync/maintain'
import { loadSlateDb } from 'slatedb-wasm'
import { SqliteFile } from 'sqlite-file'

interface Product {
  readonly id: number
  readonly name: string
}

async function main(prefix: string): Promise<void> {
  const options = { prefix } satisfies SnapshotReaderOptions
  const products: Product[] = [{ id: 1, name: 'rope' }]
  await writeSnapshot(products, {
    prefix,
    sharding: { shards: 2 },
    key: 'id',
    values: 'json',
  })
  await using reader = await SnapshotReader.open({ ...options, values: jsonValues<Product>() })
  const key: Key = 1
  const product = await reader.get(key)
  console.log(product?.name, (await listSnapshots({ prefix })).length)
  for await (const [id, { name }] of reader.scanIter()) console.log(id, name)
}

function mainSync(prefix: string): void {
  writeSnapshotSync([[1, 'rope']], { prefix, sharding: { shards: 1 }, values: 'utf8' })
  const reader = SnapshotReaderSync.open({ prefix, values: 'utf8' })
  console.log(reader.get(1))
  reader.close()
}

export const sharding: ShardingOption | undefined = undefined
export { extend, loadSlateDb, main, mainSync, maintain, SqliteFile, tasks, testing }
