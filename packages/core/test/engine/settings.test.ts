import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { promisify } from 'node:util'
import {
  FileStore,
  slatedb,
  type SlateDbSettings,
  ShardReader,
  ShardWriter,
} from '@shardyfusion/core'
import { Settings } from '@slatedb/uniffi'
import { slateDbSettingPairs } from '#dist/slatedb/slatedb-settings.js'
import { tempPrefix } from '@shardyfusion/test-support/temp-folder'
import { rejectsWith } from '@shardyfusion/test-support/throws'

const GOLDEN = new URL('../../test/golden/vectors.json', import.meta.url)

interface SettingsVector {
  readonly settings: {
    readonly flush_interval?: string
    readonly l0_sst_size_bytes?: number
    readonly default_ttl_ms?: number
    readonly raw_overrides?: Record<string, unknown>
  }
  readonly pairs: readonly (readonly [string, string])[]
}

const vectors = JSON.parse(await readFile(GOLDEN, 'utf8')) as {
  slatedb_settings: readonly SettingsVector[]
}

/** The peer's fields under our names: ours end in their unit, so its duration texts become milliseconds. */
function fromPeer({ settings }: SettingsVector): SlateDbSettings {
  const { flush_interval: flush, l0_sst_size_bytes: l0, default_ttl_ms: ttl } = settings
  const [, count, unit] = /^(\d+)(ms|s)$/.exec(flush ?? '') ?? []
  return {
    ...(flush === undefined ? {} : { flushIntervalMs: Number(count) * (unit === 's' ? 1000 : 1) }),
    ...(l0 === undefined ? {} : { l0SstSizeBytes: l0 }),
    ...(ttl === undefined ? {} : { defaultTtlMs: ttl }),
    ...(settings.raw_overrides === undefined ? {} : { rawOverrides: settings.raw_overrides }),
  }
}

test('golden: the peer’s settings give its pairs, in its order', () => {
  assert.ok(vectors.slatedb_settings.length > 0)
  for (const vector of vectors.slatedb_settings) {
    const pairs = slateDbSettingPairs(fromPeer(vector), 'test')
    // We have the number of milliseconds only, so that "1s" is written "1000ms": the same duration.
    const expected = vector.pairs.map(([name, json]) => [name, json === '"1s"' ? '"1000ms"' : json])
    assert.deepEqual(pairs, expected)
  }
})

/** What the engine holds after the pairs are applied. */
function applied(
  settings: unknown,
  defaults?: { l0SstSizeBytes: number },
): Record<string, unknown> {
  const held = Settings.default()
  try {
    for (const [name, json] of slateDbSettingPairs(settings, 'test', defaults)) held.set(name, json)
    return JSON.parse(held.to_json_string()) as Record<string, unknown>
  } finally {
    held.dispose()
  }
}

test('every typed field reaches the engine, each alone, and changes nothing else', () => {
  const cases: [SlateDbSettings, name: string, value: unknown][] = [
    [{ flushIntervalMs: 250 }, 'flush_interval', '250ms'],
    [{ l0SstSizeBytes: 1_234_567 }, 'l0_sst_size_bytes', 1_234_567],
    [{ l0MaxSsts: 17 }, 'l0_max_ssts', 17],
    [{ maxUnflushedBytes: 9_999_999 }, 'max_unflushed_bytes', 9_999_999],
    [{ defaultTtlMs: 60_000 }, 'default_ttl', 60_000],
    [{ walEnabled: false }, 'wal_enabled', false],
    [{ minFilterKeys: 5 }, 'min_filter_keys', 5],
    [{ filterBitsPerKey: 14 }, 'filter_bits_per_key', 14],
    [{ compression: 'snappy' }, 'compression_codec', 'Snappy'],
    [{ compression: 'lz4' }, 'compression_codec', 'Lz4'],
    [{ compression: 'zlib' }, 'compression_codec', 'Zlib'],
    [{ compression: 'zstd' }, 'compression_codec', 'Zstd'],
    [
      { rawOverrides: { 'object_store_cache_options.part_size_bytes': 65536 } },
      'object_store_cache_options',
      {
        ...(applied({})['object_store_cache_options'] as object),
        part_size_bytes: 65536,
      },
    ],
  ]
  const untouched = applied({})
  for (const [settings, name, value] of cases) {
    const held = applied(settings)
    assert.deepEqual(held, { ...untouched, [name]: value }, JSON.stringify(settings))
    assert.notDeepEqual(held[name], untouched[name], `${name} has this value anyway`)
  }
  assert.equal(applied({ compression: 'none' })['compression_codec'], null)
})

test('a writer builds without log, compactor and collector, unless told otherwise', () => {
  const defaults = { l0SstSizeBytes: 8 * 1024 * 1024 }
  const held = applied(undefined, defaults)
  assert.equal(held['wal_enabled'], false)
  assert.equal(held['compactor_options'], null)
  assert.equal(held['garbage_collector_options'], null)
  assert.equal(held['l0_sst_size_bytes'], defaults.l0SstSizeBytes)
  assert.equal(held['max_unflushed_bytes'], 2 * defaults.l0SstSizeBytes)

  const told = applied({ walEnabled: true, l0SstSizeBytes: 4096, l0MaxSsts: 3 }, defaults)
  assert.equal(told['wal_enabled'], true)
  assert.equal(told['l0_sst_size_bytes'], 4096)
  assert.equal(told['max_unflushed_bytes'], 8192)
  assert.equal(told['l0_max_ssts'], 3)

  // The one without the other.
  const small = applied({ maxUnflushedBytes: 4_000_000 }, defaults)
  assert.equal(small['max_unflushed_bytes'], 4_000_000)
  assert.equal(small['l0_sst_size_bytes'], 2_000_000)

  // Part of a section that is off by default: the engine refuses it unless the section is there.
  const part = applied({ rawOverrides: { 'compactor_options.max_sst_size': 33_554_432 } }, defaults)
  assert.equal((part['compactor_options'] as { max_sst_size: number }).max_sst_size, 33_554_432)
  assert.equal(part['garbage_collector_options'], null)
})

test('rawOverrides win over typed fields and defaults', () => {
  const held = applied(
    {
      l0SstSizeBytes: 4096,
      compression: 'lz4',
      rawOverrides: { l0_sst_size_bytes: 8192, compression_codec: null, wal_enabled: true },
    },
    { l0SstSizeBytes: 1024 },
  )
  assert.equal(held['l0_sst_size_bytes'], 8192)
  assert.equal(held['compression_codec'], null)
  assert.equal(held['wal_enabled'], true)
})

test('unknown fields and wrong values are refused by name', async () => {
  const cases: [settings: unknown, RegExp][] = [
    [
      { compresion: 'zstd' },
      /^test: settings: unknown option "compresion"; did you mean "compression"\?$/,
    ],
    [{ flushIntervalMs: 1, flush_interval: '1s' }, /unknown option "flush_interval"/],
    [{ compression: 'Zstd' }, /compression must be snappy, lz4, zlib, zstd or none, got "Zstd"/],
    [{ l0SstSizeBytes: 10 }, /l0SstSizeBytes must be an integer of 1024 or more \(bytes\), got 10/],
    [
      { flushIntervalMs: '1s' },
      /flushIntervalMs must be an integer of 1 or more \(milliseconds\), got "1s"/,
    ],
    [{ walEnabled: 'no' }, /walEnabled must be true or false, got "no"/],
    [{ defaultTtlMs: 1.5 }, /defaultTtlMs must be an integer/],
    [{ rawOverrides: 'a=1' }, /rawOverrides must be an object of dotted names, got "a=1"/],
    [{ rawOverrides: { a: 1n } }, /rawOverrides\["a"\] must be a JSON value, got bigint/],
    [{ rawOverrides: { a: () => 1 } }, /rawOverrides\["a"\] must be a JSON value, got function/],
    ['zstd', /options must be an object, got "zstd"/],
    [[], /options must be an object, got an array of 0/],
  ]
  for (const [settings, message] of cases) {
    await rejectsWith('SHARD_INVALID_OPTION', message, () => slateDbSettingPairs(settings, 'test'))
  }
})

for (const engine of ['native', 'wasm'] as const) {
  test(`${engine}: what the engine refuses, or would drop without a word, is refused`, async () => {
    const url = `${tempPrefix()}/shard`
    const cases: [string, unknown, RegExp][] = [
      ['l0_max_ssst', 5, /settings: .*"l0_max_ssst"/],
      ['compactor_options.max_sst_sise', 5, /settings: .*"compactor_options.max_sst_sise"/],
      ['flush_interval.ms', 250, /settings: .*"flush_interval.ms"/],
      ['l0_max_ssts', 'many', /settings: .*expected usize/],
    ]
    for (const [name, value, message] of cases) {
      const error = await rejectsWith('SHARD_INVALID_OPTION', message, () =>
        ShardWriter.open({
          url,
          engine: slatedb({ runtime: engine, settings: { rawOverrides: { [name]: value } } }),
        }),
      )
      assert.equal(error.details.peer, 'ConfigValidationError')
    }
  })

  test(`${engine}: every typed field is taken when a shard opens`, async () => {
    const prefix = tempPrefix()
    const all: SlateDbSettings = {
      flushIntervalMs: 250,
      l0SstSizeBytes: 1_000_000,
      l0MaxSsts: 100,
      maxUnflushedBytes: 4_000_000,
      defaultTtlMs: 3_600_000,
      compression: 'lz4',
      walEnabled: true,
      minFilterKeys: 5,
      filterBitsPerKey: 12,
      rawOverrides: { manifest_poll_interval: '5s' },
    }
    for (const settings of [
      all,
      ...Object.entries(all).map(([name, value]) => ({ [name]: value })),
    ]) {
      const url = `${prefix}/${Object.keys(settings).join('-')}`
      const writer = await ShardWriter.open({ url, engine: slatedb({ runtime: engine, settings }) })
      await writer.put(1, Uint8Array.of(1))
      await writer.seal()
      const reader = await ShardReader.open({ url, engine })
      assert.deepEqual(await reader.get(1), Uint8Array.of(1), url)
      await reader.close()
    }
  })
}

const run = promisify(execFile)

test('a plain object of the engine’s own names is accepted, with one warning in all', async () => {
  const prefix = tempPrefix()
  const script = `
    import { ShardWriter, slatedb } from '@shardyfusion/core'
    process.on('warning', ({ name, code, message }) => console.log(JSON.stringify({ name, code, message })))
    for (const shard of ['a', 'b', 'c']) {
      const writer = await ShardWriter.open({
        url: '${prefix}/' + shard,
        engine: slatedb({
          runtime: 'native',
          settings: { l0_sst_size_bytes: 65536, 'object_store_cache_options.part_size_bytes': 1024 },
        }),
      })
      await writer.close()
    }`
  const { stdout } = await run(
    process.execPath,
    ['--no-warnings', '--input-type=module', '--eval', script],
    { cwd: new URL('../../', import.meta.url) },
  )
  const warnings = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, string>)
  assert.deepEqual(
    warnings.map(({ name, code }) => ({ name, code })),
    [{ name: 'DeprecationWarning', code: 'SHARDYFUSION_LEGACY_SETTINGS' }],
  )
  assert.match(warnings[0]!['message']!, /use the typed fields or settings\.rawOverrides/)
})

test('legacy names do what they say, and are never mixed with typed fields', async () => {
  assert.deepEqual(slateDbSettingPairs({ compression_codec: 'Lz4', default_ttl: 5 }, 'test'), [
    ['compression_codec', '"Lz4"'],
    ['default_ttl', '5'],
  ])
  await rejectsWith('SHARD_INVALID_OPTION', /unknown option "default_ttl"/, () =>
    slateDbSettingPairs({ default_ttl: 5, compression: 'lz4' }, 'test'),
  )
})

const codecs = ['none', 'snappy', 'lz4', 'zlib', 'zstd'] as const

for (const engine of ['native', 'wasm'] as const) {
  test(`${engine}: compression makes shards smaller, and they read back`, async () => {
    const prefix = tempPrefix()
    const utf8 = new TextEncoder()
    const row = (id: number): Uint8Array =>
      utf8.encode(JSON.stringify({ id, name: `customer ${id}`, country: 'de', even: id % 2 === 0 }))
    const bytes: Record<string, number> = {}
    for (const compression of codecs) {
      const url = `${prefix}/${compression}`
      const writer = await ShardWriter.open({
        url,
        engine: slatedb({ runtime: engine, settings: { compression } }),
      })
      for (let id = 0; id < 3000; id++) await writer.put(id, row(id))
      bytes[compression] = (await writer.seal()).bytes
      let stored = 0
      for await (const object of new FileStore().list(url)) stored += object.bytes
      assert.equal(bytes[compression], stored)

      const reader = await ShardReader.open({ url, engine })
      let id = 0
      for await (const [, value] of reader.scanIter()) assert.deepEqual(value, row(id++))
      assert.equal(id, 3000)
      assert.deepEqual(await reader.get(1234), row(1234))
      await reader.close()
    }
    for (const compression of codecs.slice(1)) {
      assert.ok(bytes[compression]! < bytes['none']! / 2, JSON.stringify(bytes))
    }
  })
}

test('slatedb refuses settings it cannot take, before anything is opened', async () => {
  assert.equal(slatedb({ settings: { compression: 'lz4' } }).format, 'slatedb')
  await rejectsWith('SHARD_INVALID_OPTION', /^slatedb: settings: unknown option "x"$/, () =>
    slatedb({ settings: { x: 1 } as object }),
  )
  await rejectsWith('SHARD_INVALID_OPTION', /runtime must be 'auto', 'wasm' or 'native'/, () =>
    slatedb({ runtime: 'wasi' as 'wasm' }),
  )
})
