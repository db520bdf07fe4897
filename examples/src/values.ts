// Values of any type: one snapshot for each way to store them. Run it with the folder for the snapshots.
import { pathToFileURL } from 'node:url'
import { join } from 'node:path'
// #region codec
import { SnapshotReader, type ValueCodec, writeSnapshot } from '@shardyfusion/core'
// #endregion
// #region schema
import { z } from 'zod'
// #endregion
// #region compressed
import { jsonValues } from '@shardyfusion/core'
import { compressedValues } from '@shardyfusion/core/compression'
// #endregion
// #region msgpack
import { msgpackValues } from '@shardyfusion/core/msgpack'
// #endregion

const [folder = 'values'] = process.argv.slice(2)
const sharding = { shards: 4 }
const prefixOf = (name: string): string => pathToFileURL(join(folder, name)).href

console.log('codec', await ownCodec(prefixOf('codec')))
console.log('schema', await withSchema(prefixOf('schema')))
console.log('msgpack', await withMsgpack(prefixOf('msgpack')))
console.log('compressed', await withCompression(prefixOf('compressed')))

async function ownCodec(prefix: string) {
  const lastLogins = new Map([[42, new Date('2026-11-28T23:00:00Z')]])
  // #region codec
  const dates: ValueCodec<Date> = {
    name: 'date', // recorded in the manifest: readers with another codec are refused
    encode: (date) => new TextEncoder().encode(date.toISOString()),
    decode: (bytes) => new Date(new TextDecoder().decode(bytes)),
  }
  await writeSnapshot(lastLogins, { prefix, sharding, values: dates })
  await using reader = await SnapshotReader.open({ prefix, values: dates })
  const login = await reader.get(42) // Date | undefined
  // #endregion
  return login
}

async function withSchema(prefix: string) {
  // #region schema
  const Product = z.object({
    id: z.number(),
    name: z.string(),
    tags: z.array(z.string()).default([]),
  })
  const products = [{ id: 42, name: 'rope' }]
  const options = { prefix, values: 'json', schema: Product } as const
  await writeSnapshot(products, { ...options, sharding, key: 'id' }) // refuses a bad record
  await using reader = await SnapshotReader.open(options)
  const product = await reader.get(42) // { id: number, name: string, tags: string[] } | undefined
  // #endregion
  return product
}

async function withMsgpack(prefix: string) {
  // #region msgpack
  interface Reading {
    sensor: bigint
    at: Date
    raw: Uint8Array
  }
  const readings = new Map<number, Reading>([
    [7, { sensor: 9_007_199_254_740_993n, at: new Date(0), raw: Uint8Array.of(1, 2, 3) }],
  ])
  const values = msgpackValues<Reading>()
  await writeSnapshot(readings, { prefix, sharding, values })
  await using reader = await SnapshotReader.open({ prefix, values })
  const reading = await reader.get(7) // Reading | undefined
  // #endregion
  return reading
}

async function withCompression(prefix: string) {
  interface User {
    id: number
    name: string
    status: 'active' | 'gone'
    country: string
  }
  const users = Array.from({ length: 1000 }, (_, id): User => ({
    id,
    name: `user ${id}`,
    status: id % 3 === 0 ? 'gone' : 'active',
    country: 'CH',
  }))
  // #region compressed
  // The parts that values have in common; writers and readers need the same bytes.
  const dictionary = jsonValues().encode(users.slice(0, 20))
  const values = compressedValues(jsonValues<User>(), { dictionary })
  await writeSnapshot(users, { prefix, sharding, key: 'id', values })
  await using reader = await SnapshotReader.open({ prefix, values })
  const user = await reader.get(42) // User | undefined
  // #endregion
  return user
}
