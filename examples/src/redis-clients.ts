// Serves two snapshots and reads them with a Redis client and over HTTP: node examples/dist/redis-clients.js
import { writeSnapshot } from '@shardyfusion/core'
// #region serve
import { serve } from '@shardyfusion/serve'
import { Redis } from 'ioredis'
// #endregion
import { type Main, runIfMain } from './support/program.js'

export const main: Main = async (_args, { stdout }) => {
  const prices = 'memory://redis-clients/prices'
  const users = 'memory://redis-clients/users'
  const cents = Array.from({ length: 1000 }, (_, id) => ({ id, cents: 100 + id }))
  await writeSnapshot(cents, { prefix: prices, sharding: { shards: 2 }, key: 'id', values: 'json' })
  await writeSnapshot([['ada', 'Ada Lovelace']], {
    prefix: users,
    keyEncoding: 'utf8',
    sharding: { shards: 1 },
    values: 'utf8',
  })

  // #region serve
  await using server = await serve({
    databases: [
      { name: 'prices', prefix: prices },
      { name: 'users', prefix: users },
    ],
    http: { port: 0 },
    redis: { port: 0 },
    values: 'json',
  })

  const redis = new Redis({ port: server.redis!.port })
  const price = await redis.get('42')
  const [first, missing] = await redis.mget('1', '1000000')
  await redis.select(1)
  const user = await redis.get('ada')
  redis.disconnect()

  const response = await fetch(`${server.http!.url}/v1/scan?start=10&limit=2`)
  const lines = await response.text()
  // #endregion
  stdout.write(`${price}\n${first}, ${String(missing)}\n${user}\n${lines}`)
}

await runIfMain(import.meta.url, main)
