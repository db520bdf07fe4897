import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ReplyBuffer } from '#dist/resp/reply-buffer.js'
import { ReplyCache } from '#dist/resp/reply-cache.js'

const MIB = 2 ** 20

function replyOf(cache: ReplyCache, key: Uint8Array): string | undefined {
  const position = cache.find(key, 0, key.length)
  if (position < 0) return undefined
  const length = cache.valueBytes(position)
  if (length < 0) return 'missing'
  const out = new ReplyBuffer()
  cache.appendTo(out, position)
  const reply = out.take()!.toString('latin1')
  assert.ok(reply.startsWith(`$${length}\r\n`))
  return reply
}

function expected(value: Uint8Array | undefined): string {
  if (value === undefined) return 'missing'
  return `$${value.length}\r\n${Buffer.from(value).toString('latin1')}\r\n`
}

test('ReplyCache: returns what was set, in any program, and nothing else', () => {
  const key = fc.uint8Array({ maxLength: 9 })
  const value = fc.option(fc.uint8Array({ maxLength: 200 }), { nil: undefined })
  fc.assert(
    fc.property(fc.array(fc.tuple(key, value), { maxLength: 300 }), (program) => {
      const cache = new ReplyCache(4 * MIB)
      const model = new Map<string, string>()
      for (const [k, v] of program) {
        const name = Buffer.from(k).toString('hex')
        cache.set(k, v)
        // The value of a key never changes.
        if (!model.has(name)) model.set(name, expected(v))
        assert.equal(replyOf(cache, k), model.get(name))
      }
      assert.equal(cache.size, model.size)
      for (const [k] of program)
        assert.equal(replyOf(cache, k), model.get(Buffer.from(k).toString('hex')))
    }),
  )
})

test('ReplyCache: stays within its bytes, and evicts the oldest', () => {
  for (const [bytes, keyBytes, valueBytes] of [
    [4 * MIB, 8, 100],
    [4 * MIB, 4, 0],
    [2 * MIB, 8, 5000],
    [3 * MIB, 4, -1],
  ] as const) {
    const cache = new ReplyCache(bytes)
    const valueOf = (i: number) => (valueBytes < 0 ? undefined : Buffer.alloc(valueBytes, i % 251))
    const keyOf = (i: number) => {
      const key = Buffer.alloc(keyBytes)
      key.writeUInt32BE(i)
      return key
    }
    const count = 120_000
    for (let i = 0; i < count; i++) {
      cache.set(keyOf(i), valueOf(i))
      assert.ok(cache.bytes <= bytes)
    }
    assert.equal(replyOf(cache, keyOf(count - 1)), expected(valueOf(count - 1)))
    assert.equal(replyOf(cache, keyOf(0)), undefined)
    let found = 0
    for (let i = 0; i < count; i++) {
      const reply = replyOf(cache, keyOf(i))
      if (reply === undefined) continue
      found++
      assert.equal(reply, expected(valueOf(i)))
    }
    assert.ok(found > 0)
    assert.equal(found, cache.size)
  }
})

test('ReplyCache: caches nothing without bytes, and no entry above a quarter of a segment', () => {
  const none = new ReplyCache(0)
  none.set(Buffer.from('a'), Buffer.from('b'))
  assert.equal(none.size, 0)
  const cache = new ReplyCache(8 * MIB)
  cache.set(Buffer.from('a'), Buffer.alloc(MIB / 16))
  assert.equal(cache.size, 0)
  cache.set(Buffer.from('a'), Buffer.alloc(MIB / 32))
  assert.equal(cache.size, 1)
  cache.clear()
  assert.equal(replyOf(cache, Buffer.from('a')), undefined)
})

test('ReplyCache: a table that grows has every entry at every moment, evicted ones excepted', () => {
  // Growth starts at 2,048 entries, and takes the next ones to end.
  const cache = new ReplyCache(2 * MIB)
  const keyOf = (i: number) => Buffer.from(`key ${i}`)
  let oldest = 0
  for (let i = 0; i < 40_000; i++) {
    cache.set(keyOf(i), keyOf(i))
    oldest = i + 1 - cache.size
    for (const at of [i, oldest, oldest + Math.floor(cache.size / 2)])
      assert.equal(replyOf(cache, keyOf(at)), expected(keyOf(at)), `${at} of ${i}`)
    if (oldest > 0) assert.equal(replyOf(cache, keyOf(oldest - 1)), undefined)
  }
  assert.ok(oldest > 0)
})
