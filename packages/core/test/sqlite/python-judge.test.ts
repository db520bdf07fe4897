import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  type Key,
  type KeyEncoding,
  ShardReader,
  type ShardingOption,
  SnapshotReader,
  sqlite,
  writeSnapshot,
} from '@shardyfusion/core'
import { pythonWith } from '@shardyfusion/test-support/python-with'
import { tempFolder, tempPrefix } from '@shardyfusion/test-support/temp-folder'
import { IS_SOAK } from '@shardyfusion/test-support/soak'

const SCRIPT = fileURLToPath(new URL('../../test/support/sqlite-judge.py', import.meta.url))
const REQUIRED = process.env['SHARDYFUSION_REQUIRE_PYTHON'] === '1'
const MIB = 1024 * 1024
const MODULES = ['sqlite3', 'apsw'] as const

const ENCODINGS: Readonly<Record<KeyEncoding, (i: number) => Key>> = {
  u64be: (i) => BigInt(i) * 4_294_967_311n,
  u32be: (i) => i * 3,
  utf8: (i) => `user:é${i}`,
  raw: (i) => Uint8Array.of(0xff, i >> 16, (i >> 8) & 0xff, i & 0xff, ...(i % 2 ? [0] : [])),
}
const HASH: ShardingOption = { shards: 3 }
const REGIONS = ['eu', 'us', 'ap']
const CEL: ShardingOption = { cel: 'region', columns: { region: 'string' }, values: REGIONS }

interface Table {
  readonly name: string
  readonly rows: number
  readonly valueBytes: number
  /** All rows but a few are in one shard. */
  readonly isSkewed?: boolean
}

const TABLES: readonly Table[] = [
  { name: 'empty', rows: 0, valueBytes: 10 },
  { name: 'one row', rows: 1, valueBytes: 10 },
  { name: 'skewed', rows: 900, valueBytes: 100, isSkewed: true },
  { name: 'values of 0 bytes', rows: IS_SOAK ? 200_000 : 5000, valueBytes: 0 },
  { name: 'values of 100 bytes', rows: IS_SOAK ? 200_000 : 5000, valueBytes: 100 },
  { name: 'values of 2 KiB', rows: 500, valueBytes: 2048 },
  { name: 'values of 64 KiB', rows: 60, valueBytes: 65_536 },
  { name: 'values of 1 MiB', rows: 7, valueBytes: MIB },
]

function valueOf(i: number, bytes: number): Uint8Array {
  return new Uint8Array(bytes).fill(i & 0xff).map((byte, at) => (at % 7 === 0 ? byte ^ at : byte))
}

interface Case {
  readonly path: string
  readonly rows: readonly (readonly [key: string, digest: string | null])[]
  readonly count: number
}

/** Publishes a table and returns a case for each shard. */
async function published(
  { rows, valueBytes, isSkewed = false }: Table,
  keyEncoding: KeyEncoding,
  sharding: ShardingOption,
): Promise<Case[]> {
  const prefix = tempPrefix()
  const records = Array.from({ length: rows }, (_, n) => {
    const i = (n * 7919) % Math.max(1, rows)
    const region = isSkewed && i % 300 !== 0 ? 'eu' : REGIONS[i % 3]!
    return { key: ENCODINGS[keyEncoding](i), value: valueOf(i, valueBytes), region }
  })
  // Of equal keys the last one counts.
  const [first] = records
  const all = first === undefined ? [] : [{ ...first, value: Uint8Array.of(1) }, ...records]
  const engine = sqlite(keyEncoding === 'utf8' ? { pageSize: 'auto' } : {})
  const options = { prefix, sharding, keyEncoding, engine, key: 'key', value: 'value' } as const
  await writeSnapshot(all, options)
  await using reader = await SnapshotReader.open({ prefix })
  const cases: Case[] = []
  for (const { url } of reader.shards()) {
    if (url === undefined) continue
    cases.push(await caseOf(url, keyEncoding))
  }
  const stored = cases.reduce((sum, { count }) => sum + count, 0)
  assert.equal(stored, rows)
  const bytes = reader.shards().reduce((sum, shard) => sum + shard.bytes, 0)
  const content = rows * (valueBytes + 20)
  assert.ok(bytes <= 1.15 * content + 3 * 65_536 * 2, `${bytes} bytes for ${content}`)
  return cases
}

/** Some rows of a shard, as we read them, and keys that it does not have. */
async function caseOf(url: string, keyEncoding: KeyEncoding): Promise<Case> {
  await using shard = await ShardReader.open({ url, keyEncoding: 'raw' })
  const rows: [string, string | null][] = []
  let count = 0
  for await (const [key, value] of shard.scanIter()) {
    const hex = Buffer.from(key as Uint8Array).toString('hex')
    if (count++ % 17 === 0) rows.push([hex, createHash('sha256').update(value).digest('hex')])
  }
  rows.push([keyEncoding === 'raw' ? '' : 'ffffffffffffffffff', null])
  return { path: fileURLToPath(`${url}/shard.db`), rows, count }
}

const pythons = MODULES.map((module) => ({ module, python: pythonWith(module) }))
const missing = pythons.filter(({ python }) => python === undefined).map(({ module }) => module)
const skip =
  missing.length > 0 && !REQUIRED && `needs ${missing.join(' and ')} of Python: npm run setup:s3`

for (const keyEncoding of Object.keys(ENCODINGS) as KeyEncoding[]) {
  for (const [how, sharding] of [
    ['hash', HASH],
    ['CEL', CEL],
  ] as const) {
    test(`SQLite in Python answers as we do: ${keyEncoding}, ${how}`, { skip }, async () => {
      assert.deepEqual(missing, [], 'modules of Python')
      const cases: Case[] = []
      for (const table of TABLES) cases.push(...(await published(table, keyEncoding, sharding)))
      const file = join(tempFolder(), 'cases.json')
      writeFileSync(file, JSON.stringify(cases))
      const answers = cases.reduce((sum, { rows }) => sum + rows.length, 0)
      for (const { module, python } of pythons) {
        const out = execFileSync(python!, [SCRIPT, module, file], { encoding: 'utf8' })
        assert.equal(out.trim(), String(answers), module)
      }
    })
  }
}
