import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as uniffi from '@slatedb/uniffi'
import { checkBinding } from '#dist/engine/native/binding.js'

/** The installed binding with some of its classes replaced. */
const binding = (changes: Record<string, unknown>): object => ({ ...uniffi, ...changes })

test('checkBinding: the installed version has what the SDK uses', () => {
  const { DbBuilder, features } = checkBinding(uniffi, '0.12.1')
  assert.equal(DbBuilder, uniffi.DbBuilder)
  assert.equal(features.close, 'shutdown')
})

test('checkBinding: a class or method that is gone is named, with the version and what to do', () => {
  const changed: readonly [changes: Record<string, unknown>, symbol: string][] = [
    [{ WriteBatch: undefined }, 'WriteBatch'],
    [{ WriteBatch: function WriteBatch() {} }, 'WriteBatch.put'],
    [{ ObjectStore: function ObjectStore() {} }, 'ObjectStore.resolve'],
    [
      {
        DbReader: class {
          get() {}
          scan_with_options() {}
        },
      },
      'DbReader.shutdown',
    ],
  ]
  for (const [changes, symbol] of changed) {
    assert.throws(() => checkBinding(binding(changes), '9.9.9'), {
      code: 'SHARD_ENGINE',
      message: new RegExp(
        `has no ${symbol} \\(@slatedb/uniffi 9\\.9\\.9\\); install .*@0\\.12\\.1`,
      ),
    })
  }
})

test('checkBinding: newer features are found by their methods', () => {
  const { features } = checkBinding(
    binding({
      DbIterator: class {
        next() {}
        next_batch() {}
      },
      DbReader: class {
        get() {}
        scan_with_options() {}
        close() {}
      },
    }),
    '0.15.0',
  )
  assert.deepEqual(
    { nextBatch: features.nextBatch, close: features.close },
    { nextBatch: true, close: 'close' },
  )
})
