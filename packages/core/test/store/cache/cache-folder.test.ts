import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import fc from 'fast-check'
import { cachedStore } from '@shardyfusion/core/extend'
import { soak } from '@shardyfusion/test-support/soak'
import { CacheFiles } from '#dist/store/cache/cache-files.js'
import { cachedBytes, evict } from '#dist/store/cache/evict.js'
import { FileBlockCache } from '#dist/store/cache/file-block-cache.js'
import { ATTEMPT, cacheFiles, cacheFolder, openCached, someBytes, storeWith } from './support.js'

const MIB = 1024 * 1024
const URL = `${ATTEMPT}/table`
const ROOT = 'shardyfusion-cache-1'

/** Collects the warnings of this process while `work` runs. */
async function warningsOf(t: TestContext, work: () => Promise<void>): Promise<string[]> {
  const warnings: string[] = []
  const emitting = t.mock.method(process, 'emitWarning', (text: string) => warnings.push(text))
  await work()
  emitting.mock.restore()
  return warnings
}

test('cache folder: a flipped bit is never served, and the file goes', async () => {
  const bytes = someBytes(150_000)
  const base = await storeWith(bytes)
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat(7)), { minLength: 1, maxLength: 6 }),
      fc.nat(150_000),
      fc.nat(150_000),
      async (flips, start, end) => {
        const folder = cacheFolder()
        const first = cachedStore(base, { folder })
        await first.get(URL, { range: { start: 70_000, end: 70_001 } })
        await first.get(URL)
        await first.close()
        const files = cacheFiles(folder)
        for (const [file, at, bit] of flips) {
          const path = files[file % files.length]!
          const content = readFileSync(path)
          content[at % content.length]! ^= 1 << bit
          writeFileSync(path, content)
        }
        const second = cachedStore(base, { folder })
        const range = { start, end }
        assert.deepEqual(await second.get(URL, { range }), bytes.slice(start, Math.max(start, end)))
        assert.deepEqual(await second.get(URL), bytes)
        assert.ok(second.cacheStats().damaged <= files.length)
        await second.close()
        // What was damaged is written again.
        const third = cachedStore(base, { folder })
        assert.deepEqual(await third.get(URL), bytes)
        assert.deepEqual(
          { damaged: third.cacheStats().damaged, misses: third.cacheStats().misses },
          { damaged: 0, misses: 0 },
        )
        await third.close()
      },
    ),
    { numRuns: soak(40, 300) },
  )
})

test('cache folder: files that were cut, emptied, swapped or made by others are ignored', async (t) => {
  const objects = [someBytes(65_536, 1), someBytes(65_536, 2)]
  const base = await storeWith(objects[0]!, 'a')
  await base.put(`${ATTEMPT}/b`, objects[1]!)
  const damages: Record<string, (paths: string[]) => void> = {
    cut: ([path = '']) => writeFileSync(path, readFileSync(path).subarray(0, 10_000)),
    emptied: ([path = '']) => writeFileSync(path, ''),
    swapped: ([a = '', b = '']) => {
      const [first, second] = [readFileSync(a), readFileSync(b)]
      writeFileSync(a, second)
      writeFileSync(b, first)
    },
    'made by others': ([path = '']) => {
      for (const name of ['notes.txt', 'zz-zz', '0-', '-1', '0-zzzzzzzzzzz', '0-1']) {
        writeFileSync(join(dirname(path), name), 'x'.repeat(100))
      }
    },
    'a directory': ([path = '']) => mkdirSync(join(dirname(path), '1ekg-9')),
  }
  for (const [name, damage] of Object.entries(damages)) {
    const folder = cacheFolder()
    const read = async (): Promise<void> => {
      const { cached } = openCached(t, base, folder)
      for (const [i, letter] of ['a', 'b'].entries()) {
        assert.deepEqual(await cached.get(`${ATTEMPT}/${letter}`), objects[i], name)
      }
      await cached.close()
    }
    await read()
    damage(cacheFiles(folder))
    await read()
    await read()
  }
})

test('cache folder: what was not used for longest goes first, and the limit holds', async () => {
  const folder = cacheFolder()
  const maxBytes = 2 * MIB
  const bytes = someBytes(6 * MIB)
  const base = await storeWith(bytes)
  const cached = cachedStore(base, { folder, maxBytes })
  const sizeNow = (): number => {
    let sum = 0
    for (const path of cacheFiles(folder)) if (existsSync(path)) sum += statSync(path).size
    return sum
  }
  for (let start = 0; start < bytes.length; start += 65_536) {
    const range = { start, end: start + 10 }
    assert.deepEqual(await cached.get(URL, { range }), bytes.slice(start, start + 10))
    assert.ok(sizeNow() <= maxBytes, `${sizeNow()} bytes`)
  }
  await cached.close()
  assert.ok(sizeNow() > maxBytes / 2)
})

test('evict: removes the oldest files, of one second only as many as needed', async () => {
  const folder = cacheFolder()
  const files = new CacheFiles(folder)
  const id = 'ab'.padEnd(32, '0')
  const names = ['0-5yc', '5yc-5yc', 'bwo-5yc', 'hv0-5yc']
  // 7,716 bytes and a checksum each.
  for (const name of names) await files.write(id, name, new Uint8Array(7_732))
  const at = (name: string, seconds: number): void =>
    utimesSync(join(files.folderOf(id), name), seconds, seconds)
  at('0-5yc', 3000)
  at('5yc-5yc', 1000)
  at('bwo-5yc', 2000)
  at('hv0-5yc', 2000)
  assert.equal(await cachedBytes(files), 4 * 7_732)
  assert.equal(await evict(files, 4 * 7_732), 4 * 7_732)
  assert.equal(await evict(files, 2 * 7_732), 2 * 7_732)
  const left = await files.names(id)
  assert.ok(left.includes('0-5yc'))
  assert.ok(!left.includes('5yc-5yc'))
  assert.equal(left.length, 2)
})

test('cache folder: a read records that its file was used', async () => {
  const folder = cacheFolder()
  const base = await storeWith(someBytes(1000))
  const first = cachedStore(base, { folder })
  await first.get(URL)
  await first.close()
  const [path = ''] = cacheFiles(folder)
  utimesSync(path, 1000, 1000)
  const cache = new FileBlockCache({ folder, maxBytes: MIB, touchMs: 0 })
  const [object, info] = [cache.object.bind(cache), (await base.head(URL))!]
  const span = { start: 0, end: 10 }
  assert.ok(await cache.read(object(URL, 1000, info.modifiedAt.toISOString()), span))
  for (let turn = 0; turn < 1000 && statSync(path).mtimeMs === 1_000_000; turn++) {
    await new Promise(setImmediate)
  }
  assert.notEqual(statSync(path).mtimeMs, 1_000_000)
  await cache.close()
})

test('cache folder: unfinished files of killed processes go, those of others stay', async () => {
  const folder = cacheFolder()
  const unfinished = join(folder, ROOT, 'tmp')
  mkdirSync(unfinished, { recursive: true })
  for (const name of ['old', 'new']) writeFileSync(join(unfinished, name), 'x')
  utimesSync(join(unfinished, 'old'), 1000, 1000)
  writeFileSync(join(folder, 'mine.txt'), 'of another program')
  const cached = cachedStore(await storeWith(someBytes(1000)), { folder })
  await cached.get(URL)
  await cached.close()
  assert.equal(existsSync(join(unfinished, 'old')), false)
  assert.equal(existsSync(join(unfinished, 'new')), true)
  assert.equal(existsSync(join(folder, 'mine.txt')), true)
})

test('cache folder: one that cannot be written means one warning and no error', async (t) => {
  const folder = join(cacheFolder(), 'a file')
  writeFileSync(folder, 'x')
  const bytes = someBytes(500_000)
  const { cached, counts } = openCached(t, await storeWith(bytes), folder)
  const warnings = await warningsOf(t, async () => {
    for (let round = 0; round < 3; round++) {
      for (let start = 0; start < bytes.length; start += 50_000) {
        const range = { start, end: start + 10 }
        assert.deepEqual(await cached.get(URL, { range }), bytes.slice(start, start + 10))
      }
    }
    await cached.close()
  })
  assert.equal(warnings.length, 1)
  assert.match(warnings[0]!, /^cache: nothing is stored in .*ENOTDIR.*; check the folder/)
  assert.equal(cached.cacheStats().problem, warnings[0])
  assert.equal(counts().calls.put, 0)
})

test(
  'cache folder: one below /proc means one warning, too',
  { skip: process.platform !== 'linux', timeout: 30_000 },
  async (t) => {
    // mkdir of Node with `recursive` does not return here.
    const { cached } = openCached(t, await storeWith(someBytes(1000)), '/proc/none/cache')
    const warnings = await warningsOf(t, async () => {
      assert.equal((await cached.get(URL))?.length, 1000)
      await cached.close()
    })
    assert.equal(warnings.length, 1)
    assert.match(warnings[0]!, /^cache: nothing is stored in .*ENOENT/)
  },
)

const canMount = process.platform === 'linux' && process.getuid?.() === 0

test(
  'cache folder: a full disk means one warning, and right bytes',
  { skip: !canMount },
  async (t) => {
    const folder = join(cacheFolder(), 'disk')
    mkdirSync(folder)
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', folder], {
        stdio: 'ignore',
      })
    } catch {
      t.skip('this process may not mount a small disk')
      return
    }
    t.after(() => execFileSync('umount', ['--lazy', folder]))
    const bytes = someBytes(3 * MIB)
    const base = await storeWith(bytes)
    const warnings = await warningsOf(t, async () => {
      const { cached } = openCached(t, base, folder)
      for (let start = 0; start < bytes.length; start += 65_536) {
        const range = { start, end: start + 70_000 }
        assert.deepEqual(await cached.get(URL, { range }), bytes.slice(start, start + 70_000))
      }
      await cached.close()
    })
    assert.equal(warnings.length, 1)
    assert.match(warnings[0]!, /ENOSPC.*free some space or lower maxBytes/)
    // What fits is used, and nothing unfinished takes space.
    assert.ok(cacheFiles(folder).length >= 3)
    const { cached } = openCached(t, base, folder)
    assert.deepEqual(await cached.get(URL), bytes)
    assert.deepEqual(cached.cacheStats().damaged, 0)
    await cached.close()
    execFileSync('mount', ['-o', 'remount,ro', folder])
    const readOnly = openCached(t, base, folder)
    const more = await warningsOf(t, async () => {
      assert.deepEqual(await readOnly.cached.get(URL), bytes)
      await readOnly.cached.close()
    })
    assert.ok(more.length <= 1)
  },
)
