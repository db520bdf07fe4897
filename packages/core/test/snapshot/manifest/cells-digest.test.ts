import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { test } from 'node:test'
import fc from 'fast-check'
import { isShardyfusionError } from '@shardyfusion/core'
import { decodeManifest, encodeManifest } from '#dist/snapshot/manifest/manifest-codec.js'
import { emptyShard, type Manifest } from '#dist/snapshot/manifest/manifest.js'
import { BUILD_META_COLUMNS, SHARD_COLUMNS } from '#dist/snapshot/manifest/manifest-tables.js'
import { withDatabase } from '../../support/sqlite.js'
import { seededRandom } from '@shardyfusion/test-support/seeded-random'
import { soak } from '@shardyfusion/test-support/soak'
import { mutate } from './support/images.js'
import { anyManifest, manifestOf } from './support/manifests.js'

const DIGEST = /"cells_sha256": "([0-9a-f]{64})"/
const FLIPS = soak(1500, 10_000)
const SEED = Number(process.env['SHARDYFUSION_SEED'] ?? 1)

const damaged = { code: 'SHARD_MANIFEST', details: { column: 'custom.cells_sha256' } }
const isDamaged = (error: unknown): boolean =>
  isShardyfusionError(error) &&
  error.code === damaged.code &&
  error.details['column'] === damaged.details.column

/** Two shards, publisher's fields that look like a digest, and text that JSON escapes. */
function sample(): Manifest {
  const shard = (id: number) => ({
    ...emptyShard(id),
    url: `s3://bkt/pre/shards/run_id=r/db=0000${id}/attempt=00`,
    rowCount: 40 + id,
    bytes: 5000,
    minKey: `a "quoted" \u0001 ü ${id}`,
    maxKey: 'z',
    checkpointId: 'c'.repeat(32),
  })
  return manifestOf({
    shards: 2,
    entries: [shard(0), shard(1)],
    custom: { nested: { cells_sha256: '' }, other: '"cells_sha256": ""' },
  })
}

test('cells_sha256 is the SHA-256 of all rows as JSON, with the digest as empty text', async () => {
  const image = await encodeManifest(sample())
  const rows = withDatabase(image, (database) => [
    ...database.rows(`SELECT ${BUILD_META_COLUMNS.join()} FROM build_meta`),
    ...database.rows(`SELECT ${SHARD_COLUMNS.join()} FROM shards`),
  ])
  const custom = String(rows[0]!.at(-1))
  const [, digest] = DIGEST.exec(custom)!
  rows[0]!.splice(-1, 1, custom.replace(digest!, ''))
  const json = rows.map((cells) =>
    cells.map((cell) => (typeof cell === 'bigint' ? `${cell}` : JSON.stringify(cell))),
  )
  const text = `[${json.map((cells) => `[${cells.join()}]`).join()}]`
  const expected = createHash('sha256').update(text).digest('hex')
  assert.equal(digest, expected)
})

test('a manifest with a digest comes back as it was, whatever the publisher stored', async () => {
  const original = sample()
  assert.deepEqual(await decodeManifest(await encodeManifest(original), 'test'), original)
  await fc.assert(
    fc.asyncProperty(anyManifest, async (manifest) => {
      const decoded = await decodeManifest(await encodeManifest(manifest), 'test')
      assert.equal(decoded.entries.length, manifest.entries.length)
    }),
    { numRuns: 30 },
  )
})

for (const sql of [
  "update build_meta set s3_prefix = s3_prefix || 'x'",
  "update build_meta set created_at = '2026-01-01T00:00:00.000001Z'",
  `update build_meta set custom = replace(custom, '"nested"', '"nestef"')`,
  `update build_meta set custom = replace(custom, '"cells_sha256": "', '"cells_sha256": "0')`,
  "update shards set db_url = replace(db_url, 'db=00000', 'db=00001') where db_id = 0",
  'update shards set row_count = row_count + 1 where db_id = 1',
  'update shards set min_key = null where db_id = 1',
  'update shards set db_url = null where db_id = 1',
  'delete from shards where db_id = 1',
]) {
  test(`decodeManifest: refuses a manifest after "${sql}"`, async () => {
    const image = mutate(await encodeManifest(sample()), sql)
    await assert.rejects(decodeManifest(image, 'test'), isDamaged)
  })
}

test('decodeManifest: reads a manifest without a digest, and changes of it', async () => {
  const strip = `update build_meta set custom = '{"a": 1}'`
  const image = mutate(await encodeManifest(sample()), strip)
  const manifest = await decodeManifest(image, 'test')
  assert.deepEqual(manifest.custom, { a: 1 })
})

test('decodeManifest: after a bit flip the manifest is the same or refused', async (t) => {
  const original = sample()
  const image = await encodeManifest(original)
  const random = seededRandom(SEED)
  const counts = { same: 0, refused: 0, renamed: 0 }
  for (let run = 0; run < FLIPS; run++) {
    const bit = Math.floor(random() * image.length * 8)
    const flipped = image.slice()
    flipped[bit >> 3]! ^= 1 << (bit & 7)
    let decoded: Manifest
    try {
      decoded = await decodeManifest(flipped, 'test')
    } catch (error) {
      assert.ok(isShardyfusionError(error) && error.code === 'SHARD_MANIFEST', String(error))
      counts.refused++
      continue
    }
    // A flip in the name of the digest turns it into a field of the publisher. All other cells are right then.
    const isRenamed = Object.keys(decoded.custom).length > Object.keys(original.custom).length
    const custom = isRenamed ? original.custom : decoded.custom
    const isSame = isDeepStrictEqual({ ...decoded, custom }, original)
    assert.ok(isSame, `seed ${SEED}: bit ${bit & 7} of byte ${bit >> 3}`)
    counts[isRenamed ? 'renamed' : 'same']++
  }
  t.diagnostic(JSON.stringify(counts))
  assert.ok(counts.refused > 0 && counts.same > 0)
})
