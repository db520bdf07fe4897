import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import fc from 'fast-check'
import { FileStore } from '#dist/store/file/file-store.js'
import { MemoryStore } from '#dist/store/memory-store.js'
import type { ObjectStore } from '#dist/store/object-store.js'
import { tempDirectory } from './temp-root.js'

// Names of directories and of objects are disjoint: files cannot have objects below them.
const directory = fc.constantFrom('a', 'a-b', 'a=b', 'é', 'run_id=x y', '100%25', '\u{1f600}')
const leaf = fc.constantFrom('k', 'k.0', 'K', 'ü', 'a\u{ffee}', 'a\u{1f601}', '%25')
const place = fc.array(directory, { maxLength: 3 })
const object = fc.tuple(place, leaf).map(([above, name]) => [...above, name].join('/'))
const bytes = fc.uint8Array({ maxLength: 12 })
const offset = fc.nat(14)

type Step = (store: ObjectStore, root: string) => Promise<unknown>

const below = (root: string, path: string[]): string => [root, ...path].join('/')
const step: fc.Arbitrary<[string, Step]> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .tuple(object, bytes, fc.boolean())
      .map(([name, value, ifAbsent]): [string, Step] => [
        `put ${name} ${value.length} ${ifAbsent}`,
        (store, root) => store.put(`${root}/${name}`, value, { ifAbsent }),
      ]),
  },
  fc
    .tuple(object, offset, offset)
    .map(([name, start, end]): [string, Step] => [
      `get ${name} ${start}-${end}`,
      async (store, root) => [
        await store.get(`${root}/${name}`),
        await store.get(`${root}/${name}`, { range: { start, end } }),
        (await store.head(`${root}/${name}`))?.bytes,
      ],
    ]),
  place.map((path): [string, Step] => [
    `list ${path.join('/')}`,
    async (store, root) => {
      const found: [string, number][] = []
      for await (const info of store.list(below(root, path))) {
        assert.ok(info.url.startsWith(root))
        found.push([info.url.slice(root.length), info.bytes])
      }
      return found
    },
  ]),
  place.map((path): [string, Step] => [
    `listPrefixes ${path.join('/')}`,
    async (store, root) =>
      (await store.listPrefixes(below(root, path))).map((url) => url.slice(root.length)),
  ]),
  object.map((name): [string, Step] => [
    `delete ${name}`,
    (store, root) => store.delete(`${root}/${name}`),
  ]),
  fc
    .tuple(directory, place)
    .map(([first, path]): [string, Step] => [
      `deletePrefix ${[first, ...path].join('/')}`,
      (store, root) => store.deletePrefix(below(root, [first, ...path])),
    ]),
)

test('MemoryStore and FileStore answer any sequence of calls alike', async (t) => {
  const base = pathToFileURL(await tempDirectory(t)).href
  let runs = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
      const memory = new MemoryStore()
      const file = new FileStore()
      const fileRoot = `${base}/${runs++}`
      for (const [name, run] of steps) {
        const expected = await run(memory, 'memory://model')
        assert.deepEqual(await run(file, fileRoot), expected, name)
      }
    }),
    { numRuns: 80 },
  )
})
