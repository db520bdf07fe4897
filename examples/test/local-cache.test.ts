import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { writeSnapshot } from '@shardyfusion/core'
import { lookUp, share } from '#dist/local-cache.js'

test('local cache: a second reader reads nothing from storage', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'shardyfusion-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const prefix = pathToFileURL(join(folder, 'snapshots')).href
  const cache = join(folder, 'cache')
  const rows = Array.from({ length: 100 }, (_, i) => [i, `value ${i}`] as const)
  await writeSnapshot(rows, { prefix, sharding: { shards: 1 }, values: 'utf8' })
  const [first = '', second = ''] = [await lookUp(prefix, cache), await lookUp(prefix, cache)]
  assert.match(first, /^value 42, [1-9]\d* of \d+ reads from storage$/)
  assert.match(second, /^value 42, 0 of \d+ reads from storage$/)
  const found = await share(prefix, cache, [1, 1000])
  assert.deepEqual(
    found.map((value) => value && Buffer.from(value).toString()),
    ['value 1', undefined],
  )
  assert.ok((await readdir(cache)).length > 0)
})
