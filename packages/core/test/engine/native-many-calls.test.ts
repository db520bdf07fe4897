import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { DbIterator, DbReader } from '@slatedb/uniffi'
import { ShardReader, ShardWriter } from '@shardyfusion/core'
import { tempPrefix } from '@shardyfusion/test-support/temp-folder'

// koffi takes the process down when 257 threads have something to hand over, which is a matter of luck;
// so what is watched is how many calls of the real binding are under way.
const KOFFI_LIMIT = 256
const ROWS = 1_000

test('native engine: of a thousand gets on several readers, few enough are under way', async (t) => {
  const readers = await openReaders(t)
  const most = countRunning(t, DbReader.prototype, 'get')
  const gets = Array.from({ length: ROWS }, (_, i) => readers[i % readers.length]!.get(i))
  for (const [i, value] of (await Promise.all(gets)).entries()) assert.equal(value?.[0], i % 256)
  assert.ok(most() > 1 && most() < KOFFI_LIMIT, `${most()} gets at once`)
})

test('native engine: of a thousand scans on several readers, few enough are under way', async (t) => {
  const readers = await openReaders(t)
  const most = countRunning(t, DbIterator.prototype, 'next')
  const scans = Array.from({ length: ROWS }, async (_, start) => {
    const scan = readers[start % readers.length]!.scanIter({ start }, { limit: 2 })
    const { value } = await scan.next()
    await scan.return()
    return value?.[1][0]
  })
  for (const [i, first] of (await Promise.all(scans)).entries()) assert.equal(first, i % 256)
  assert.ok(most() > 1 && most() < KOFFI_LIMIT, `${most()} scans at once`)
})

async function openReaders(t: TestContext): Promise<ShardReader[]> {
  const url = `${tempPrefix()}/shard`
  const writer = await ShardWriter.open({ engine: 'native', url })
  for (let i = 0; i < ROWS; i++) await writer.put(i, new Uint8Array([i]))
  await writer.seal()
  const readers = [
    await ShardReader.open({ engine: 'native', url }),
    await ShardReader.open({ engine: 'native', url }),
  ]
  t.after(() => Promise.all(readers.map((reader) => reader.close())))
  return readers
}

/** Counts the calls of a method that are under way; gives the most there were at once. */
function countRunning<M extends string>(
  t: TestContext,
  prototype: Record<M, (...args: never[]) => Promise<unknown>>,
  method: M,
): () => number {
  let running = 0
  let most = 0
  const original = prototype[method]
  t.mock.method(prototype, method, function (this: unknown, ...args: never[]) {
    most = Math.max(most, ++running)
    return original.apply(this, args).finally(() => running--)
  })
  return () => most
}
