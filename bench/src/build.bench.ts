// How does a build compare with lmdb, from keys in random order and in key order, on one thread?
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { SnapshotReader, SnapshotWriter } from '@shardyfusion/core'
import { open } from 'lmdb'
import { compare, type Contender } from './support/compare.js'
import { digestOf } from './support/digest.js'
import { storedKey, valueOf } from './support/rows.js'
import { SHORT } from './support/short.js'
import { BATCH_ROWS } from './support/stores/store.js'
import { withTempDir } from './support/temp-dir.js'
import { holdTo } from './support/verdict.js'

const ROWS = SHORT ? 5_000 : 1_000_000
const ROUNDS = 5
const MAX_MICROSECONDS = 1.5
const LMDB = { encoding: 'binary', keyEncoding: 'binary' } as const

/** Odd, so that different rows have different keys. */
const SCATTER = 2_654_435_761
const ORDERS = [
  { name: 'in random order', key: (i: number) => Math.imul(i, SCATTER) >>> 0 },
  { name: 'in key order', key: (i: number) => i },
]

interface Way {
  readonly name: string
  readonly build: () => Promise<void>
  readonly digest: () => Promise<unknown>
}

/** The same bytes, not copied. */
function bufferOf({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, length)
}

await withTempDir(async ({ path, url }) => {
  const fresh = (name: string): string => {
    rmSync(join(path, name), { recursive: true, force: true })
    return name
  }
  for (const valueBytes of [16, 100]) {
    for (const order of ORDERS) {
      const lmdb: Way = {
        name: 'lmdb',
        build: async () => {
          const db = open<Buffer, Buffer>({ path: join(path, fresh('lmdb')), ...LMDB })
          for (let at = 0; at < ROWS; at += BATCH_ROWS) {
            db.transactionSync(() => {
              for (let i = at; i < Math.min(ROWS, at + BATCH_ROWS); i++) {
                db.putSync(storedKey(order.key(i)), bufferOf(valueOf(i, valueBytes)))
              }
            })
          }
          await db.flushed
          await db.close()
        },
        digest: async () => {
          const db = open<Buffer, Buffer>({ path: join(path, 'lmdb'), readOnly: true, ...LMDB })
          const digest = await digestOf(async (visit) => {
            for (const { key, value } of db.getRange()) visit(key, value)
          })
          await db.close()
          return digest
        },
      }
      const ours = (shards: number): Way => ({
        name: `SnapshotWriter, ${shards} shard${shards === 1 ? '' : 's'}`,
        build: async () => {
          const prefix = url(fresh('snapshot'))
          await using writer = await SnapshotWriter.open({ prefix, sharding: { shards } })
          for (let i = 0; i < ROWS; i++) {
            const wait = writer.putSync(order.key(i), valueOf(i, valueBytes))
            if (wait !== undefined) await wait
          }
          await writer.publish()
        },
        digest: async () => {
          await using reader = await SnapshotReader.open({ prefix: url('snapshot') })
          return await digestOf(async (visit) => {
            for await (const chunk of reader.scanIter().chunks()) {
              for (let i = 0; i < chunk.count; i++) visit(chunk.key(i), chunk.value(i))
            }
          })
        },
      })
      const timings = await compare({
        title: `build of ${ROWS.toLocaleString('en')} rows of ${valueBytes} bytes, ${order.name}`,
        unit: 'row',
        units: ROWS,
        longRounds: ROUNDS,
        contenders: [lmdb, ours(1), ours(8)].map(({ name, build, digest }): Contender => ({
          name,
          run: build,
          answer: async () => {
            await build()
            return digest()
          },
        })),
      })
      const [, one] = timings
      const what = `build, ${valueBytes} bytes, ${order.name}`
      holdTo({
        what: `${what}: CPU against lmdb`,
        value: one!.cpuShare!.median,
        unit: 'times the CPU',
        atMost: 1,
      })
      if (valueBytes === 100) {
        holdTo({
          what: `${what}: CPU`,
          value: one!.cpu!,
          unit: 'µs a row',
          atMost: MAX_MICROSECONDS,
        })
      }
    }
  }
})
