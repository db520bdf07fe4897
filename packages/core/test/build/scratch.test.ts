import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { SnapshotReader, SnapshotWriter, type SnapshotWriterOptions } from '@shardyfusion/core'
import { tempPrefix } from '@shardyfusion/test-support/temp-folder'
import { rejectsWith } from '@shardyfusion/test-support/throws'

const MIB = 1024 * 1024
const ROWS = 60_000
const value = Buffer.alloc(100, 7)

async function build(options: Partial<SnapshotWriterOptions>): Promise<string> {
  const prefix = tempPrefix()
  const writer = await SnapshotWriter.open({
    prefix,
    sharding: { shards: 2 },
    memoryBytes: MIB,
    ...options,
  })
  try {
    for (let i = 0; i < ROWS; i++) await writer.put(Math.imul(i, 2_654_435_761) >>> 0, value)
    await writer.publish()
  } finally {
    await writer.close()
  }
  return prefix
}

for (const workers of [undefined, 2]) {
  test(`rows beyond memoryBytes go through local disk (workers: ${workers ?? 'none'})`, async () => {
    const prefix = await build({ workers })
    const reader = await SnapshotReader.open({ prefix })
    let rows = 0
    let last = -1n
    for await (const chunk of reader.scanIter().chunks()) {
      for (let i = 0; i < chunk.count; i++) {
        const key = Buffer.from(chunk.key(i)).readBigUInt64BE()
        assert.ok(key > last)
        last = key
      }
      rows += chunk.count
    }
    assert.equal(rows, ROWS)
    await reader.close()
  })

  test(`a folder that does not exist is named with the option (workers: ${workers ?? 'none'})`, async () => {
    const spoolDirectory = join('/no', 'such', 'folder')
    const error = await rejectsWith(
      'SHARD_STORE',
      /rows that exceed memoryBytes could not be stored in "\/no\/such\/folder" \(ENOENT\); make room/,
      () => build({ workers, spoolDirectory }),
    )
    assert.equal(error.details['errno'], 'ENOENT')
  })
}

test('rows that fit into memory need no folder', async () => {
  const prefix = await build({ memoryBytes: 64 * MIB, spoolDirectory: '/no/such/folder' })
  const root = new URL(prefix)
  assert.ok((await readdir(root)).includes('shards'))
})
