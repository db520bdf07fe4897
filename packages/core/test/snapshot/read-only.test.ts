import assert from 'node:assert/strict'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { FileStore, SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import type { ObjectStore } from '@shardyfusion/core/extend'
import { tempPrefix } from '@shardyfusion/test-support/temp-folder'
import { IS_SOAK } from '@shardyfusion/test-support/soak'

// Every call has been made within a second; what a reader might do by the clock takes the whole minute, in CI.
const MINUTE_MS = IS_SOAK ? 65_000 : 1000
const WRITING = ['put', 'delete', 'deletePrefix', 'sync'] as const

/** A store that counts what is called, by name. */
function counted(objects: ObjectStore): { objects: ObjectStore; calls: Map<string, number> } {
  const calls = new Map<string, number>()
  const proxy = new Proxy(objects, {
    get: (target, name, receiver) => {
      const member: unknown = Reflect.get(target, name, target)
      if (typeof member !== 'function' || typeof name !== 'string') return member
      return (...args: unknown[]): unknown => {
        calls.set(name, (calls.get(name) ?? 0) + 1)
        return Reflect.apply(member, target === receiver ? receiver : target, args)
      }
    },
  })
  return { objects: proxy, calls }
}

function filesBelow(prefix: string): [string, number, number][] {
  const root = fileURLToPath(prefix)
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  return files.map((file): [string, number, number] => {
    const { size, mtimeMs } = statSync(join(root, file))
    return [file, size, mtimeMs]
  })
}

test('nothing is written while a snapshot is opened, read for a minute and closed', async (t) => {
  const prefix = tempPrefix()
  const rows = Array.from({ length: 4000 }, (_, i) => [i, `value ${i}`] as const)
  const publish = (): Promise<unknown> =>
    writeSnapshot(rows, { prefix, sharding: { shards: 4 }, values: 'utf8' })
  await publish()
  const { objects, calls } = counted(new FileStore())
  const before = filesBelow(prefix)
  const reader = await SnapshotReader.open({
    prefix,
    objects,
    engine: 'wasm',
    values: 'utf8',
    maxOpenShards: 2,
  })
  const end = Date.now() + MINUTE_MS
  let rounds = 0
  do {
    assert.equal(await reader.get(rounds % rows.length), `value ${rounds % rows.length}`)
    assert.equal(await reader.get(rows.length + rounds), undefined)
    const values = await reader.getMany([1, 2, 3, 4, rows.length])
    assert.deepEqual(values, ['value 1', 'value 2', 'value 3', 'value 4', undefined])
    for (const options of [{ reverse: true, limit: 20 }, { limit: 20 }, { ordered: false }]) {
      let count = 0
      for await (const _ of reader.scanIter({ start: 10, end: 200 }, options)) count++
      assert.equal(count, options.limit ?? 190)
    }
    await reader.refresh()
    reader.health()
    rounds++
    await delay(Math.min(500, Math.max(0, end - Date.now())))
  } while (Date.now() < end)
  await reader.close()
  t.diagnostic(`${rounds} rounds in ${MINUTE_MS} ms: ${JSON.stringify(Object.fromEntries(calls))}`)
  for (const name of WRITING) assert.equal(calls.get(name) ?? 0, 0, `${name}() was called`)
  assert.ok((calls.get('get') ?? 0) > 4, 'the store was read')
  assert.deepEqual(filesBelow(prefix), before)
})
