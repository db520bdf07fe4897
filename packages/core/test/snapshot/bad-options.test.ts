import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ObjectManifestStore } from '#dist/snapshot/catalog/object-manifest-store.js'
import {
  ShardReader,
  type ShardReaderOptions,
  ShardWriter,
  SnapshotReader,
  SnapshotWriter,
  writeSnapshot,
} from '@shardyfusion/core'
import { memoryPlace, publishRows } from '../support/memory-place.js'
import { rejectsWith } from '@shardyfusion/test-support/throws'
import { trapUnhandledRejections } from '../support/unhandled.js'

trapUnhandledRejections()

// Wrong on purpose, so nothing here has a type.
type Loose = never

const place = memoryPlace()
await publishRows(place, 'row')
const snapshots = { ...place, sharding: { shards: 2 } }
const shardPlace = { url: 'memory://place/shard', objects: place.objects, engine: place.engine }

const shard = await ShardWriter.open(shardPlace)
await shard.put(1, Uint8Array.of(1))
await shard.seal()

/** Opens with good options and these. */
const opens = {
  'SnapshotWriter.open': (bad: object) => SnapshotWriter.open({ ...snapshots, ...bad }),
  'SnapshotReader.open': (bad: object) => SnapshotReader.open({ ...place, ...bad }),
  'ShardWriter.open': (bad: object) => ShardWriter.open({ ...shardPlace, ...bad }),
  'ShardReader.open': (bad: object) => ShardReader.open({ ...shardPlace, ...bad }),
}
type Where = keyof typeof opens
const everywhere = Object.keys(opens) as Where[]
const writers: Where[] = ['SnapshotWriter.open', 'ShardWriter.open']

const WRONG: [where: Where[], bad: object, problem: string][] = [
  // Misspelt.
  [everywhere, { enginee: 'native' }, 'unknown option "enginee"; did you mean "engine"?'],
  [everywhere, { chunksize: 5 }, 'unknown option "chunksize"'],
  [['SnapshotWriter.open'], { shards: 4 }, 'unknown option "shards"'],
  [
    ['SnapshotReader.open'],
    { maxOpenShard: 4 },
    'unknown option "maxOpenShard"; did you mean "maxOpenShards"?',
  ],
  // One level down: the union of the three forms of sharding says what it takes.
  [
    ['SnapshotWriter.open'],
    { sharding: { shard: 4 } },
    'sharding must be { shards: 8 }, { maxKeysPerShard: 1000000 } (with expectedRows unless records have a length), ' +
      'or { cel: "…", columns: { … } }, with whole numbers of 1 or more, got an object of type Object',
  ],
  [writers, { settings: { compression: 'zstd' } }, 'unknown option "settings"'],
  // Wrong types.
  [
    everywhere,
    { engine: 'naitive' },
    `engine must be 'auto', 'wasm', 'native' or an object with name, format, supports, openWriter() and openReader(), got "naitive"`,
  ],
  [
    everywhere,
    { engine: {} },
    `engine must be 'auto', 'wasm', 'native' or an object with name, format, supports, openWriter() and openReader(), got an object of type Object`,
  ],
  [everywhere, { objects: {} }, 'objects must be an object store, got an object of type Object'],
  [everywhere, { env: { A: 1 } }, 'env.A must be an object of strings, got a number'],
  [everywhere, { env: 'A=1' }, 'env must be an object of strings, got a string'],
  [everywhere, { envFile: 7 }, 'envFile must be the path of a file, got 7'],
  [
    everywhere,
    { openTimeoutMs: 0 },
    'openTimeoutMs must be an integer of 1 or more (milliseconds), got 0',
  ],
  [
    everywhere,
    { openTimeoutMs: '1s' },
    'openTimeoutMs must be an integer of 1 or more (milliseconds), got "1s"',
  ],
  [everywhere, { signal: {} }, 'signal must be an AbortSignal, got an object of type Object'],
  [
    ['SnapshotWriter.open', 'ShardWriter.open', 'ShardReader.open'],
    { keyEncoding: 'u64le' },
    'keyEncoding must be u64be, u32be, utf8 or raw, got "u64le"',
  ],
  [
    ['SnapshotWriter.open', 'SnapshotReader.open'],
    { values: 'utf-8' },
    `values must be 'bytes', 'utf8', 'json' or a codec ({ encode, decode }), got "utf-8"`,
  ],
  // Wrong ranges.
  [
    writers,
    { maxBatchEntries: 0 },
    'maxBatchEntries must be an integer of 1 or more (entries), got 0',
  ],
  [
    writers,
    { maxBatchBytes: 1.5 },
    'maxBatchBytes must be an integer of 1 or more (bytes), got 1.5',
  ],
  [writers, { memoryBytes: 5 }, 'memoryBytes must be an integer of 1048576 or more (bytes), got 5'],
  [
    writers,
    { maxBatchBytes: Number.NaN },
    'maxBatchBytes must be an integer of 1 or more (bytes), got NaN',
  ],
  [
    ['SnapshotWriter.open'],
    { maxBufferedBytes: -1 },
    'maxBufferedBytes must be an integer of 1 or more (bytes), got -1',
  ],
  [
    ['SnapshotWriter.open', 'SnapshotReader.open'],
    { concurrency: 0 },
    'concurrency must be an integer of 1 or more (shards), got 0',
  ],
  [
    ['SnapshotReader.open'],
    { maxOpenShards: 2n },
    'maxOpenShards must be an integer of 1 or more (shards), got 2n',
  ],
  [
    ['SnapshotReader.open'],
    { maxFallbackAttempts: -1 },
    'maxFallbackAttempts must be an integer of 0 or more (manifests), got -1',
  ],
  [
    ['SnapshotReader.open'],
    { shardUrls: 'all' },
    'shardUrls must be below, any or rebase, got "all"',
  ],
  [['SnapshotReader.open'], { keys: 'bigint' }, 'keys must be bytes or decoded, got "bigint"'],
  [
    ['SnapshotReader.open', 'ShardReader.open'],
    { iteratorChunkSize: 0 },
    'iteratorChunkSize must be an integer of 1 or more (entries), got 0',
  ],
  [['ShardReader.open'], { checkpointId: 5 }, 'checkpointId must be a string, got 5'],
  [['SnapshotWriter.open'], { onProgress: 'yes' }, 'onProgress must be a function, got "yes"'],
  [
    ['SnapshotWriter.open'],
    { keyColumn: '\ud800' },
    'keyColumn must be well-formed text, got "\\ud800"',
  ],
  [['SnapshotWriter.open'], { custom: 'x' }, 'custom must be an object, got "x"'],
  [['SnapshotWriter.open'], { runId: 7 }, 'runId must be a string, got 7'],
  [
    ['SnapshotWriter.open'],
    { custom: { when: new Date(0) } },
    'custom must be JSON data: when: object is not JSON data; omit it or convert it to text',
  ],
  [
    ['SnapshotWriter.open'],
    { custom: { f: () => 1 } },
    'custom must be JSON data: f: function is not JSON data; omit it or convert it to text',
  ],
  [
    ['SnapshotWriter.open'],
    { custom: { n: Number.NaN } },
    'custom must be JSON data: n: NaN is not a JSON number; omit it or convert it to text',
  ],
  [
    ['SnapshotWriter.open'],
    { sharding: { maxKeysPerShard: 1, expectedRows: 1_000_000 } },
    'sharding.maxKeysPerShard must give at most 100000 shards, but 1000000 rows in shards of 1 make 1000000; raise it',
  ],
  [
    ['SnapshotWriter.open'],
    { sharding: { maxKeysPerShard: 10 } },
    'sharding.maxKeysPerShard needs the number of rows; give sharding.expectedRows, or records with a length or ' +
      'size, or sharding: { shards }',
  ],
]

for (const [where, bad, problem] of WRONG) {
  for (const name of where) {
    test(`${name}: ${problem.slice(0, 90)}`, async () => {
      const error = await rejectsWith('SHARD_INVALID_OPTION', /./, () => opens[name](bad))
      assert.equal(error.message, `${name}: ${problem}`)
      assert.equal(error.details.peer, 'ConfigValidationError')
      assert.equal(error.retryable, false)
    })
  }
}

test('more shards than readers take by default are refused before anything is written', async () => {
  for (const shards of [0, -1, 1.5, 100_001, 2 ** 31]) {
    await rejectsWith(
      'SHARD_INVALID_OPTION',
      /sharding\.shards must be an integer from 1 to 100000 \(shards\)/,
      () => opens['SnapshotWriter.open']({ sharding: { shards } }),
    )
  }
})

test('a cycle in custom is refused, not followed', async () => {
  const custom: Record<string, unknown> = {}
  custom['self'] = custom
  await rejectsWith('SHARD_INVALID_OPTION', /custom must be JSON data: .*or a cycle/, () =>
    opens['SnapshotWriter.open']({ custom }),
  )
})

test('no options, or something else in their place', async () => {
  const calls: [open: (options: Loose) => Promise<unknown>, required: RegExp][] = [
    [(o) => SnapshotWriter.open(o), /prefix is required.*sharding is required/],
    [(o) => SnapshotReader.open(o), /prefix is required/],
    [(o) => ShardWriter.open(o), /url is required/],
    [(o) => ShardReader.open(o), /url is required/],
  ]
  for (const [open, required] of calls) {
    for (const none of [undefined, null, {}]) {
      await rejectsWith('SHARD_INVALID_OPTION', required, () => open(none as Loose))
    }
    await rejectsWith('SHARD_INVALID_OPTION', /options must be an object, got 5/, () =>
      open(5 as Loose),
    )
  }
})

const URLS = [
  '',
  'x',
  '/tmp/x',
  's3://',
  'ftp://x/y',
  'file://x/y',
  'file:///x/../y',
  'memory://',
  'S3://b/p',
]

for (const url of URLS) {
  test(`the URL ${JSON.stringify(url)} is refused by every class`, async () => {
    for (const [where, call] of [
      ['SnapshotWriter.open', () => SnapshotWriter.open({ ...snapshots, prefix: url })],
      ['SnapshotReader.open', () => SnapshotReader.open({ ...place, prefix: url })],
      ['ShardWriter.open', () => ShardWriter.open({ ...shardPlace, url })],
      ['ShardReader.open', () => ShardReader.open({ ...shardPlace, url })],
    ] as const) {
      const error = await rejectsWith(
        'SHARD_INVALID_OPTION',
        /(prefix|url) must be (https:\/\/host\/path, )?s3:\/\/bucket\/path/,
        call,
      )
      assert.ok(error.message.startsWith(`${where}: `), error.message)
    }
  })
}

test('credentials in a URL never come back in a message', async () => {
  for (const url of [
    'https://user:hunter2@host/x',
    's3://key:hunter2@bucket/p?X-Amz-Signature=hunter2',
  ]) {
    const error = await rejectsWith('SHARD_INVALID_OPTION', /./, () =>
      SnapshotReader.open({ ...place, prefix: url }),
    )
    assert.ok(!JSON.stringify([error.message, error.details]).includes('hunter2'), error.message)
  }
})

test('run ids that are no path segment are refused', async () => {
  for (const runId of [
    '',
    '.',
    '..',
    'a/b',
    'a?b',
    'a#b',
    'a%2fb',
    'a\\b',
    'a\nb',
    ' a',
    '\ud800',
  ]) {
    await rejectsWith(
      'SHARD_INVALID_OPTION',
      /SnapshotWriter\.open: must be one path segment/,
      () => opens['SnapshotWriter.open']({ runId }),
    )
  }
})

test('a run id that is published already is refused', async () => {
  const { runId } = await publishRows(place, 'named', 3, { runId: 'named-run' })
  const error = await rejectsWith(
    'SHARD_INVALID_OPTION',
    /runId must be new, but "named-run" is published/,
    () => opens['SnapshotWriter.open']({ runId }),
  )
  assert.equal(error.details['runId'], 'named-run')
  // Also when another one has become current since.
  await publishRows(place, 'row')
  await rejectsWith('SHARD_INVALID_OPTION', /runId must be new/, () =>
    opens['SnapshotWriter.open']({ runId }),
  )
})

const reader = await SnapshotReader.open(place)
const shardReader = await ShardReader.open(shardPlace satisfies ShardReaderOptions)

const CALLS: [where: string, call: () => unknown, problem: string][] = [
  [
    'SnapshotReader.get',
    () => reader.get(1, { contxt: {} } as Loose),
    'unknown option "contxt"; did you mean "context"?',
  ],
  [
    'SnapshotReader.get',
    () => reader.get(1, { signal: 5 } as Loose),
    'signal must be an AbortSignal, got 5',
  ],
  ['SnapshotReader.get', () => reader.get(1, 5 as Loose), 'options must be an object, got 5'],
  ['SnapshotReader.get', () => reader.get(1, null as Loose), 'options must be an object, got null'],
  [
    'SnapshotReader.getMany',
    () => reader.getMany([1], { sginal: 1 } as Loose),
    'unknown option "sginal"; did you mean "signal"?',
  ],
  [
    'SnapshotReader.scanIter',
    () => reader.scanIter({}, { chunksize: 1 } as Loose),
    'unknown option "chunksize"; did you mean "chunkSize"?',
  ],
  [
    'SnapshotReader.scanIter',
    () => reader.scanIter({ strat: 1 } as Loose),
    'unknown option "strat"; did you mean "start"?',
  ],
  [
    'SnapshotReader.scanIter',
    () => reader.scanIter({}, { limit: -1 }),
    'limit must be an integer of 0 or more (entries), got -1',
  ],
  [
    'SnapshotReader.scanIter',
    () => reader.scanIter({}, { chunkSize: 0 }),
    'chunkSize must be an integer of 1 or more (entries), got 0',
  ],
  [
    'SnapshotReader.scanIter',
    () => reader.scanIter({}, { reverse: 1 } as Loose),
    'reverse must be true or false, got 1',
  ],
  [
    'SnapshotReader.scanIter',
    () => reader.scanIter({}, { ordered: 'yes' } as Loose),
    'ordered must be true or false, got "yes"',
  ],
  [
    'SnapshotReader.refresh',
    () => reader.refresh({ timeout: 1 } as Loose),
    'unknown option "timeout"; the option is signal',
  ],
  [
    'SnapshotReader.health',
    () => reader.health({ staleness: 1 } as Loose),
    'unknown option "staleness"; the option is stalenessThresholdMs',
  ],
  [
    'SnapshotReader.shardFor',
    () => reader.shardFor(1, { ctx: {} } as Loose),
    'unknown option "ctx"; the option is context',
  ],
  [
    'ShardReader.get',
    () => shardReader.get(1, { context: {} } as Loose),
    'unknown option "context"; the option is signal',
  ],
  [
    'ShardReader.getMany',
    () => shardReader.getMany([1], { limit: 1 } as Loose),
    'unknown option "limit"; the option is signal',
  ],
  [
    'ShardReader.scanIter',
    () => shardReader.scanIter({}, { ordered: true } as Loose),
    'unknown option "ordered"; the options are chunkSize, limit, reverse, signal',
  ],
  [
    'ShardReader.scanIter',
    () => shardReader.scanIter({ perfix: 'a' } as Loose),
    'unknown option "perfix"; did you mean "prefix"?',
  ],
  [
    'writeSnapshot',
    () => writeSnapshot([], undefined as Loose),
    'options must be an object, got undefined',
  ],
  [
    'writeSnapshot',
    () => writeSnapshot(undefined as Loose, snapshots as Loose),
    'records must be an iterable or async iterable of records, got undefined',
  ],
  [
    'writeSnapshot',
    () => writeSnapshot('rows' as Loose, snapshots as Loose),
    'records must be an iterable or async iterable of records, got "rows"',
  ],
  [
    'writeSnapshot',
    () => writeSnapshot([], { ...snapshots, key: 7 } as Loose),
    'key must be a property name or a function, got 7',
  ],
  [
    'writeSnapshot',
    () => writeSnapshot([], { ...snapshots, value: {} } as Loose),
    'value must be a property name or a function, got an object of type Object',
  ],
  [
    'writeSnapshot',
    () => writeSnapshot([], { ...snapshots, context: {} } as Loose),
    'context must be a function, got an object of type Object',
  ],
  [
    'writeSnapshot',
    () => writeSnapshot([], { ...snapshots, vlaue: 'x' } as Loose),
    'unknown option "vlaue"; did you mean "value"?',
  ],
  [
    'ObjectManifestStore.listManifests',
    () => new ObjectManifestStore(place.objects, place.prefix).listManifests(0),
    'limit must be an integer of 1 or more (manifests), got 0',
  ],
]

for (const [where, call, problem] of CALLS) {
  test(`${where}: ${problem}`, async () => {
    const error = await rejectsWith('SHARD_INVALID_OPTION', /./, call)
    assert.equal(error.message, `${where}: ${problem}`)
  })
}

test('calls with a refused option leave nothing borrowed: the reader closes at once', async () => {
  await reader.close()
  await shardReader.close()
})
