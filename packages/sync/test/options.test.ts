import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryStore, slatedb } from '@shardyfusion/core'
import { wrapEngine } from '@shardyfusion/core/extend'
import { ShardReaderSync, SnapshotReaderSync, SnapshotWriterSync } from '@shardyfusion/sync'
import { thrownBy, throwsWith } from '@shardyfusion/test-support/throws'

const prefix = 'memory://options'
const refused: [option: string, options: object, message: RegExp][] = [
  [
    'an engine that is none',
    { engine: { name: 'mine' } },
    /engine must be .*name, format, supports/,
  ],
  [
    'an engine without an origin',
    { engine: wrapEngine(slatedb(), {}) },
    /engine must have an origin.*"wasm" has none; this package works in a worker thread/,
  ],
  [
    'a store that is none',
    { objects: { name: 'mine' } },
    /objects must be an object store, got an object of type Object/,
  ],
  [
    'a store without an origin',
    { objects: new MemoryStore() },
    /objects must have an origin.*this package works in a worker thread/,
  ],
  [
    'a function for credentials',
    { s3: { credentials: () => ({}) } },
    /s3\.credentials must be plain data.*functions/,
  ],
  ['a misspelt option', { timeoutMS: 5 }, /unknown option "timeoutMS"/],
  [
    'a timeout of no time',
    { timeoutMs: 0 },
    /timeoutMs must be an integer of 1 or more \(milliseconds\), got 0/,
  ],
  [
    'a buffer of no bytes',
    { bufferBytes: -1 },
    /bufferBytes must be an integer of 1 or more \(bytes\)/,
  ],
  ['a worker that is no URL', { workerUrl: 'worker.js' }, /workerUrl must be a file: URL/],
  ['a signal that is none', { signal: {} }, /signal must be an AbortSignal/],
]

for (const [option, options, message] of refused) {
  test(`SnapshotReaderSync.open refuses ${option}`, () => {
    throwsWith('SHARD_INVALID_OPTION', message, () =>
      SnapshotReaderSync.open({ prefix, ...options } as { prefix: string }),
    )
  })
}

test('callbacks must be functions, and functions elsewhere are named', () => {
  const options = { prefix, sharding: { shards: 1 } }
  throwsWith('SHARD_INVALID_OPTION', /onProgress must be a function, got "yes"/, () =>
    SnapshotWriterSync.open({ ...options, onProgress: 'yes' as never }),
  )
  throwsWith('SHARD_INVALID_OPTION', /custom\.tag\.make must be plain data, got a function/, () =>
    SnapshotWriterSync.open({ ...options, custom: { tag: { make: () => 1 } } }),
  )
})

test('options must be an object', () => {
  for (const options of [undefined, null, 'text', 42]) {
    throwsWith('SHARD_INVALID_OPTION', /url is required|must be an object/, () =>
      ShardReaderSync.open(options as never),
    )
  }
})

test('a signal aborted before opening gives its reason', () => {
  const reason = new Error('enough')
  const signal = AbortSignal.abort(reason)
  assert.equal(
    thrownBy(() => SnapshotReaderSync.open({ prefix, signal })),
    reason,
  )
})
