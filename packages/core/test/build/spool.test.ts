import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { type EntryChunk, packEntries } from '@shardyfusion/core/extend'
import { Spool } from '#dist/build/rows/spool.js'
import { tempFolder } from '@shardyfusion/test-support/temp-folder'
import { rejectsWith } from '@shardyfusion/test-support/throws'

const row = (key: number, length: number): [Uint8Array, Uint8Array] => [
  Uint8Array.of(key),
  new Uint8Array(length).fill(key),
]

test('Spool: gives the batches of each shard back in order, however often, and leaves nothing behind', async () => {
  const folder = tempFolder()
  const spool = await Spool.open(folder)
  try {
    const shards = [spool.shard(), spool.shard(), spool.shard()]
    const batches = Array.from({ length: 60 }, (_, i) =>
      packEntries([row(i, i * 100), row(i, 0), row(i + 1, 3)]),
    )
    // All at once, as the shards of a build do.
    await Promise.all(batches.map((batch, i) => shards[i % 2]!.append(batch)))
    for (const [n, shard] of shards.entries()) {
      const expected = batches.filter((_, i) => i % 2 === n)
      for (let round = 0; round < 2; round++) {
        const found: unknown[] = []
        for await (const batch of shard.batches()) found.push(Array.from(batch as EntryChunk))
        assert.deepEqual(
          found,
          expected.map((batch) => Array.from(batch)),
        )
      }
    }
    // Even a process that dies now leaves nothing, where open files may be removed.
    if (process.platform !== 'win32') assert.deepEqual(await readdir(folder), [])
  } finally {
    await spool.close()
  }
  assert.deepEqual(await readdir(folder), [])
})

test('Spool: a folder that is not there is a clear error', async () => {
  const folder = join(tempFolder(), 'missing')
  const error = await rejectsWith(
    'SHARD_STORE',
    /rows could not be stored for another attempt in ".*missing" \(ENOENT\); set spoolDirectory to a folder that exists/,
    () => Spool.open(folder),
  )
  assert.equal(error.retryable, false)
  assert.equal(error.details['errno'], 'ENOENT')
})
