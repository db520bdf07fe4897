import assert from 'node:assert/strict'
import { test } from 'node:test'
// #region serve
import { serve } from '@shardyfusion/serve'

// #endregion
// #region ioredis
import { Redis } from 'ioredis'

// #endregion
import { numbered, published } from './support/snapshot.js'

test('README: a snapshot is served to a Redis client and to fetch', async () => {
  const prefix = await published({ rows: numbered(100) })
  // #region serve
  const server = await serve({
    databases: [{ prefix }],
    http: { port: 0 },
    redis: { port: 0 },
    log: ({ level, message }) => console.log(level, message),
  })
  // #endregion
  const { port } = server.redis!
  // #region ioredis
  const redis = new Redis({ port })
  const [one, two] = await redis.mget('1', '2')
  redis.disconnect()
  // #endregion
  assert.deepEqual([one, two], ['value-1', 'value-2'])
  // #region fetch
  const response = await fetch(`${server.http!.url}/v1/items/42`)
  const value = await response.text()
  await server.close()
  // #endregion
  assert.equal(value, 'value-42')
})
