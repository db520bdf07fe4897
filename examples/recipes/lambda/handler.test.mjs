import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { writeSnapshot } from '@shardyfusion/core'

test('the bundle answers calls, and follows publications', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'lambda-'))
  t.after(() => rm(folder, { recursive: true }))
  const prefix = pathToFileURL(folder).href
  const publish = (price) =>
    writeSnapshot([{ id: 42, name: 'rope', price }], {
      prefix,
      sharding: { shards: 2 },
      key: 'id',
      values: 'json',
    })
  await publish(8.5)
  process.env.PREFIX = prefix
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() })

  const { handler } = createRequire(import.meta.url)('./dist/index.cjs')
  const get = (id) => handler({ pathParameters: { id } })
  assert.equal((await get('42')).body, '{"id":42,"name":"rope","price":8.5}')
  assert.equal((await get('7')).statusCode, 404)
  assert.equal((await get('rope')).statusCode, 404)

  await publish(9)
  t.mock.timers.tick(61_000)
  assert.equal(JSON.parse((await get('42')).body).price, 9)
})
