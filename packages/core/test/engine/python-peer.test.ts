import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  ShardReader,
  ShardWriter,
  slatedb,
  SnapshotReader,
  writeSnapshot,
} from '@shardyfusion/core'
import { golden, vectors } from '../support/golden.js'
import { type PeerRow, withSlateDbPeer } from '../support/slatedb-peer.js'
import { tempPrefix } from '@shardyfusion/test-support/temp-folder'

const encoder = new TextEncoder()
const ENGINES = ['wasm', 'native'] as const

function rowsFrom(first: number, count: number, valueBytes = 40): [Uint8Array, Uint8Array][] {
  return Array.from({ length: count }, (_, i) => [
    encoder.encode(`key-${String(first + i).padStart(6, '0')}`),
    encoder.encode(`${first + i}:`.padEnd(valueBytes, 'v')),
  ])
}

async function contents(url: string, engine: 'wasm' | 'native'): Promise<[string, string][]> {
  const reader = await ShardReader.open({ url, engine, keyEncoding: 'raw' })
  try {
    const rows: [string, string][] = []
    for await (const [key, value] of reader.scanIter()) rows.push([latin(key), latin(value)])
    const values = await reader.getMany(rows.map(([key]) => encoder.encode(key)))
    assert.deepEqual(
      values.map((value) => latin(value!)),
      rows.map(([, value]) => value),
      'getMany and scan agree',
    )
    return rows
  } finally {
    await reader.close()
  }
}

function latin(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1')
}

function shown(rows: readonly PeerRow[]): [string, string][] {
  return rows.map(([key, value]) => [latin(key), latin(value!)])
}

withSlateDbPeer('shards exchanged with Python', (peer) => {
  const rows = rowsFrom(0, 500)
  const large: PeerRow[] = [[encoder.encode('large'), new Uint8Array(3_000_000).fill(65)]]
  const cases: readonly Case[] = [
    { name: 'sealed by its log', seal: 'log', batches: [rows], settings: {} },
    { name: 'sealed by tables', seal: 'tables', batches: [rows], settings: {} },
    { name: 'with a large value', seal: 'tables', batches: [large], settings: {} },
    { name: 'with a large value in its log', seal: 'log', batches: [large], settings: {} },
    ...['Snappy', 'Lz4', 'Zlib', 'Zstd'].map((codec): Case => ({
      name: `packed with ${codec}`,
      seal: 'tables',
      batches: [rows],
      settings: { compression_codec: `"${codec}"` },
    })),
  ]
  for (const { name, seal, batches, settings } of cases) {
    test(`a shard Python wrote, ${name}, is read by both engines`, async () => {
      const url = tempPrefix()
      peer.write(url, batches, seal, settings)
      for (const engine of ENGINES) {
        assert.deepEqual(await contents(url, engine), shown(batches.flat()), engine)
      }
    })
  }

  test('what Python deleted and wrote over stays so, in tables of any age and after compaction', async () => {
    for (const compactor of ['null', '{"poll_interval":"50ms"}']) {
      const url = tempPrefix()
      const expected = new Map<string, string>()
      const batches: PeerRow[][] = []
      for (let batch = 0; batch < 8; batch++) {
        batches.push(
          rowsFrom(batch * 100, 600, 30 + batch).map(([key, value], i): PeerRow => {
            const isDeleted = (i + batch) % 7 === 0
            if (isDeleted) expected.delete(latin(key))
            else expected.set(latin(key), latin(value))
            return [key, isDeleted ? undefined : value]
          }),
        )
      }
      peer.write(url, batches, 'tables', {
        ...(compactor === 'null' ? { compactor_options: 'null' } : {}),
        l0_sst_size_bytes: '8192',
      })
      const sorted = [...expected].toSorted(([a], [b]) => (a < b ? -1 : 1))
      assert.deepEqual(await contents(url, 'wasm'), sorted)
    }
  })

  for (const compression of ['none', 'snappy', 'lz4', 'zlib', 'zstd'] as const) {
    test(`a shard our engines wrote with compression ${compression} is read by Python`, async () => {
      for (const engine of ENGINES) {
        const url = tempPrefix()
        const settings = { compression, l0SstSizeBytes: 64 * 1024 }
        const writer = await ShardWriter.open({
          url,
          engine: slatedb({ runtime: engine, settings }),
          keyEncoding: 'raw',
        })
        for (const [key, value] of rows) await writer.put(key, value)
        await writer.seal()
        await writer.close()
        assert.deepEqual(shown(peer.read(url)), shown(rows), engine)
      }
    })
  }

  test('every shard of a snapshot of ours is read by Python', async () => {
    const prefix = tempPrefix()
    const records = Array.from({ length: 1000 }, (_, i) => [i, `value ${i}`] as const)
    await writeSnapshot(records, { prefix, sharding: { shards: 4 }, values: 'utf8' })
    const reader = await SnapshotReader.open({ prefix })
    const read = reader.shards().flatMap(({ url }) => peer.read(url!))
    await reader.close()
    const keys = read.map(([key]) => Number(Buffer.from(key).readBigUInt64BE()))
    assert.deepEqual(
      keys.toSorted((a, b) => a - b),
      records.map(([key]) => key),
    )
    assert.ok(read.every(([, value], i) => latin(value) === `value ${keys[i]}`))
  })

  for (const name of readdirSync(new URL('../../test/golden/bucket/', import.meta.url))) {
    const snapshot = vectors<Fixture>('bucket_fixture').snapshots[name]!
    if (snapshot.rows === undefined || snapshot.rows.length === 0) continue
    test(`snapshot "${name}" of the Python project, its shards written by Python, is read here`, async () => {
      const prefix = tempPrefix()
      const put = (path: string, bytes: Uint8Array): void => {
        const file = fileURLToPath(`${prefix}/${path}`)
        mkdirSync(dirname(file), { recursive: true })
        writeFileSync(file, bytes)
      }
      put('_CURRENT', golden(`bucket/${name}/_CURRENT`))
      put(
        snapshot.manifest_ref.slice(snapshot.s3_prefix.length + 1),
        golden(`bucket/${name}/manifest`),
      )
      const reader = await SnapshotReader.open({ prefix, shardUrls: 'rebase', engine: 'wasm' })
      const shards = new Map<number, PeerRow[]>()
      const expected = snapshot.rows!.map(
        (row) => [keyOf(row.key), fromHex(row.value_hex)] as const,
      )
      for (const [key, value] of expected) {
        const shard = reader.shardFor(key).id
        const { keyEncoding } = reader.info()
        const stored: PeerRow = [storedKey(key, keyEncoding), value]
        shards.set(shard, [...(shards.get(shard) ?? []), stored])
      }
      for (const { id, url } of reader.shards()) {
        if (shards.has(id)) peer.write(url!, [shards.get(id)!], 'log')
      }
      for (const [key, value] of expected) assert.deepEqual(await reader.get(key), value)
      const found = []
      for await (const [, value] of reader.scanIter()) found.push(latin(value as Uint8Array))
      assert.deepEqual(found.toSorted(), expected.map(([, value]) => latin(value)).toSorted())
      await reader.close()
    })
  }
})

interface Case {
  readonly name: string
  readonly seal: 'log' | 'tables'
  readonly batches: readonly (readonly PeerRow[])[]
  readonly settings: Readonly<Record<string, string>>
}

interface Fixture {
  readonly snapshots: Readonly<
    Record<
      string,
      {
        readonly s3_prefix: string
        readonly manifest_ref: string
        readonly rows?: readonly {
          readonly key: { readonly type: string; readonly value: string }
          readonly value_hex: string
        }[]
      }
    >
  >
}

function keyOf({ type, value }: { type: string; value: string }): bigint | string | Uint8Array {
  if (type === 'int') return BigInt(value)
  return type === 'str' ? value : fromHex(value)
}

function storedKey(key: bigint | string | Uint8Array, encoding: string): Uint8Array {
  if (typeof key === 'string') return encoder.encode(key)
  if (typeof key !== 'bigint') return key
  const bytes = Buffer.alloc(encoding === 'u32be' ? 4 : 8)
  if (encoding === 'u32be') bytes.writeUInt32BE(Number(key))
  else bytes.writeBigUInt64BE(key)
  return Uint8Array.from(bytes)
}

function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, 'hex'))
}
