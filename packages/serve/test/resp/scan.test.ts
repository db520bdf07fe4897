import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Redis } from 'ioredis'
import { served } from '../support/served.js'
import { numbered, published } from '../support/snapshot.js'

async function scanned(redis: Redis, ...options: string[]): Promise<string[]> {
  const keys: string[] = []
  let cursor = '0'
  do {
    const [next, page] = (await redis.call('SCAN', cursor, ...options)) as [string, string[]]
    assert.ok(BigInt(next) < 2n ** 64n)
    keys.push(...page)
    cursor = next
  } while (cursor !== '0')
  return keys
}

test('SCAN returns every key once, in order, for each key encoding', async (t) => {
  const count = 500
  const texts = Array.from({ length: count }, (_, i) => `key:${String(i).padStart(4, '0')}`)
  const databases = await Promise.all([
    published({ rows: numbered(count) }),
    published({ keyEncoding: 'u32be', rows: numbered(count) }),
    published({ keyEncoding: 'utf8', rows: texts.map((key) => [key, key] as const) }),
    published({ keyEncoding: 'raw', rows: texts.map((key) => [Buffer.from(key), key] as const) }),
  ])
  const { redisPort } = await served(t, { databases: databases.map((prefix) => ({ prefix })) })
  const redis = new Redis(redisPort, { lazyConnect: true })
  t.after(() => redis.disconnect())
  const digits = Array.from({ length: count }, (_, i) => String(i))
  for (const [database, keys] of [digits, digits, texts, texts].entries()) {
    await redis.select(database)
    assert.deepEqual(await scanned(redis), keys)
    assert.deepEqual(await scanned(redis, 'COUNT', '97'), keys)
    assert.deepEqual(await scanned(redis, 'COUNT', '1000000'), keys)
    assert.deepEqual(
      await scanned(redis, 'MATCH', '*7', 'COUNT', '50'),
      keys.filter((k) => k.endsWith('7')),
    )
    assert.deepEqual(await scanned(redis, 'TYPE', 'hash'), [])
    assert.deepEqual(
      await redis.keys('*49'),
      keys.filter((k) => k.endsWith('49')),
    )
  }
  assert.deepEqual(await scanned(redis, 'MATCH', 'key:01*'), texts.slice(100, 200))
})

test('SCAN and KEYS refuse what they cannot do', async (t) => {
  const prefix = await published({
    keyEncoding: 'utf8',
    rows: [
      ['a', '1'],
      ['b', '2'],
      ['c', '3'],
    ],
  })
  const { redisPort } = await served(t, {
    databases: [{ prefix }],
    limits: { maxScanEntries: 2 },
  })
  const redis = new Redis(redisPort, { lazyConnect: true })
  t.after(() => redis.disconnect())
  await assert.rejects(redis.call('SCAN', 'x'), /invalid cursor/)
  await assert.rejects(redis.call('SCAN', '12345'), /the cursor is unknown or too old/)
  await assert.rejects(redis.call('SCAN', '0', 'COUNT', '0'), /out of range/)
  await assert.rejects(redis.call('SCAN', '0', 'NOPE', '0'), /syntax error/)
  await assert.rejects(redis.keys('*'), /KEYS looks at 2 keys at most; use SCAN/)
})
