import assert from 'node:assert/strict'
import { packEntries } from '../chunk/chunk-builder.js'
import type { EngineReader, EngineWriter, ShardEngine } from '../engine/engine.js'
import type { VectorMetric, VectorSettings } from '../engine/vector-engine.js'
import { engineFromOrigin } from '../engine/engine-origin.js'
import { wrapEngine } from '../engine/wrap-engine.js'
import type { ObjectStore } from '../store/object-store.js'
import { parseOrigin } from '../async/origin.js'
import type { EngineConformanceHarness } from './engine-conformance-harness.js'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/**
 * Registers the tests that compare an engine with its `supports`, `recognizes` and `origin`; tests
 * of absent features are omitted.
 */
export function runEngineFeatureConformance(
  harness: EngineConformanceHarness,
  check: (name: string, body: () => Promise<void>) => void,
): void {
  const { engine, objects } = harness
  const { supports, origin } = engine
  const entries = packEntries([
    [bytes('a'), bytes('1')],
    [bytes('b'), bytes('2')],
  ])

  const writing = async (body: (writer: EngineWriter, url: string) => Promise<void>) => {
    const url = await harness.newShardUrl()
    const writer = await engine.openWriter({ url, objects, vectors: vectorSettingsOf(engine) })
    try {
      await body(writer, url)
    } finally {
      await writer.close()
    }
    return url
  }
  const sealed = (): Promise<string> =>
    writing(async (writer) => {
      if (supports.keys !== false) await writer.write(entries)
      await writer.seal()
    })
  const reading = async <T>(url: string, body: (reader: EngineReader) => Promise<T>) => {
    const reader = await engine.openReader({ url, objects })
    try {
      return await body(reader)
    } finally {
      await reader.close()
    }
  }

  check('it has a name, a format and a way to storage', async () => {
    assert.match(engine.name, /\S/)
    assert.match(engine.format, /\S/)
    assert.ok(['objects', 'environment'].includes(supports.io), `supports.io is ${supports.io}`)
  })

  if (supports.io === 'objects' && objects !== undefined) {
    check('it stores a shard below its URL, through objects', async () => {
      assert.ok((await countBelow(objects, await sealed())) > 0)
    })
  }

  if (supports.incrementalFlush === true && objects !== undefined && supports.io === 'objects') {
    check('flush stores what was written before it', async () => {
      await writing(async (writer, url) => {
        await writer.write(entries)
        await writer.flush()
        assert.ok((await countBelow(objects, url)) > 0)
        await writer.seal()
      })
    })
  }

  if (supports.copiesChunks === true) {
    check('a chunk may be overwritten once write has resolved', async () => {
      const url = await writing(async (writer) => {
        const chunk = packEntries([[bytes('key'), bytes('value')]])
        await writer.write(chunk)
        new Uint8Array(chunk.buffer).fill(0xff)
        await writer.seal()
      })
      const values = await reading(url, (reader) => reader.getMany([bytes('key')]))
      assert.deepEqual(values, [bytes('value')])
    })
  }

  check(
    'peek gives what getMany gives, or null; it is there if supports.peek says so',
    async () => {
      await reading(await sealed(), async (reader) => {
        assert.equal(reader.peek !== undefined, supports.peek === true)
        if (reader.peek === undefined) return
        const keys = ['a', 'b', 'c'].map(bytes)
        const values = await reader.getMany(keys)
        for (const [i, key] of keys.entries()) {
          const peeked = reader.peek(key)
          if (peeked !== null) assert.deepEqual(peeked, values[i])
        }
        const together = reader.peekMany?.(keys) ?? null
        if (together !== null) assert.deepEqual(together, values)
      })
    },
  )

  if (engine.recognizes !== undefined && objects !== undefined) {
    check('it recognizes its shards, and nothing where there is none', async () => {
      assert.equal(await engine.recognizes!({ url: await sealed(), objects }), true)
      const nowhere = await harness.newShardUrl()
      assert.equal(await engine.recognizes!({ url: nowhere, objects }), false)
    })
  }

  if (engine.openUpdate !== undefined) {
    check('an update has the rows of its base and the changes, with exact counts', async () => {
      const change = (key: string, value: string | undefined) =>
        [bytes(key), value === undefined ? Uint8Array.of(0) : bytes(`\u0001${value}`)] as const
      const base = await sealed()
      const url = await harness.newShardUrl()
      await reading(base, async (reader) => {
        const update = await engine.openUpdate!(reader, async () => ({ url, objects }))
        assert.ok(update !== undefined, 'its own shards can be updated')
        const finish = async (): Promise<void> => {
          while (!(await update.step()));
        }
        try {
          await update.add(packEntries([change('a', undefined), change('aa', 'new')]))
          await finish()
          await update.add(packEntries([change('b', '3'), change('c', undefined)]))
          await finish()
          await update.add(undefined)
          await finish()
          const { minKey, maxKey, ...counts } = update.counts()
          assert.deepEqual(counts, { read: 2, written: 2, inserted: 1, replaced: 1, deleted: 1 })
          assert.deepEqual([minKey, maxKey], [bytes('aa'), bytes('b')])
          const seal = await update.seal()
          if (seal?.keys !== undefined) assert.equal(seal.keys, 2)
          assert.ok((await update.bytes()) >= 0)
        } finally {
          await update.close()
        }
      })
      await reading(url, async (reader) => {
        const found = await reader.getMany(['a', 'aa', 'b', 'c'].map(bytes))
        assert.deepEqual(found, [undefined, bytes('new'), bytes('3'), undefined])
      })
    })

    check('a wrapper that sees rows sees those of updates', async () => {
      const wrapped = wrapEngine(engine, { openWriter: (o) => engine.openWriter(o) })
      assert.equal(wrapped.openUpdate, undefined)
    })
  }

  if (origin !== undefined) {
    check('an engine made by its origin is the same, and reads its shards', async () => {
      // As it arrives in other threads and processes.
      const travelled = JSON.parse(JSON.stringify(parseOrigin(origin, 'conformance'))) as object
      const same = await engineFromOrigin(parseOrigin(travelled, 'conformance'), 'conformance')
      assert.equal(same.name, engine.name)
      assert.equal(same.format, engine.format)
      assert.deepEqual(same.supports, supports)
      if (objects === undefined && supports.io === 'objects') return
      const reader = await same.openReader({ url: await sealed(), objects })
      if (supports.keys !== false)
        assert.deepEqual(await reader.getMany([bytes('b')]), [bytes('2')])
      await reader.close()
    })

    check('an engine that wraps it does not have its origin', async () => {
      assert.equal(wrapEngine(engine, {}).origin, undefined)
    })
  }
}

/** The settings that an engine of vectors alone needs; other engines also store rows without vectors. */
export function vectorSettingsOf({ supports }: ShardEngine): VectorSettings | undefined {
  if (supports.keys !== false) return undefined
  return { dimensions: 4, metric: supports.search![0] as VectorMetric }
}

async function countBelow(objects: ObjectStore, url: string): Promise<number> {
  let count = 0
  for await (const _ of objects.list(url)) count++
  return count
}
