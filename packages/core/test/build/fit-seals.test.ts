import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeSeal, encodeSeal } from '#dist/snapshot/manifest/seal-text.js'
import { buildManifest } from '#dist/build/publish/build-manifest.js'
import { emptyAttempt } from '#dist/build/shard/shard-attempt-result.js'
import { fitSeals } from '#dist/build/publish/fit-seals.js'

const seal = (size: number) => ({
  objects: { m: { bytes: 1, sha256: 'a'.repeat(64) }, ['t'.repeat(size)]: { bytes: 2 } },
  keys: 3,
})

test('fitSeals: leaves out as little as it must', () => {
  const seals = new Map([0, 1].map((id) => [id, seal(1000)]))
  const whole = encodeSeal(seal(1000)).length + 1
  assert.equal(fitSeals(seals, 2 * whole).leftOut, 'nothing')
  const short = fitSeals(seals, 2 * whole - 1)
  assert.equal(short.leftOut, 'objects without a digest')
  assert.deepEqual(decodeSeal(short.seals.get(1)!), {
    objects: { m: { bytes: 1, sha256: 'a'.repeat(64) } },
    keys: 3,
  })
  assert.deepEqual(fitSeals(seals, 10), { seals: new Map(), leftOut: 'all' })
})

test('buildManifest: warns of seals that are left out', () => {
  const facts = {
    runId: 'r',
    prefix: 's3://b/p',
    shards: 1,
    sharding: { strategy: 'hash', hashAlgorithm: 'xxh3_64' },
    keyColumn: '_key',
    keyEncoding: 'u64be',
    shardPrefix: 'shards',
    dbPathTemplate: 'db={db_id:05d}',
    shardFormat: 'slatedb',
    custom: {},
  } as const
  const winner = { ...emptyAttempt(0), url: 's3://b/p/shards/0', rowCount: 1 }
  const warnings: string[] = []
  const build = (size: number) =>
    buildManifest([{ ...winner, seal: seal(size) }], facts, (message) => warnings.push(message))
  assert.equal(build(1000).entries[0]!.seal, encodeSeal(seal(1000)))
  assert.deepEqual(warnings, [])
  assert.deepEqual(decodeSeal(build(5 * 1024 * 1024).entries[0]!.seal!).keys, 3)
  assert.equal(warnings.length, 1)
  assert.match(warnings[0]!, /too long .* omits objects without a digest/)
})
