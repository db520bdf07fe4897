// Long because the suite is one function of its harness, and its tests share the helpers.

import assert from 'node:assert/strict'
import type { ObjectCallOptions, ObjectStore } from '../store/object-store.js'
import { isBytes } from '../text/bytes.js'
import { registerUploads } from './upload-conformance.js'

/** A store for the conformance suite. */
export interface ObjectStoreConformanceHarness<T = unknown> {
  /** Starts the names of the tests. */
  readonly name: string
  /** Registers one test, such as `test` of node:test. */
  readonly test: (name: string, body: (context: T) => Promise<void>) => unknown
  /**
   * Returns a store and an empty prefix in it for one test, whose context is given; only that test
   * uses them.
   */
  readonly open: (context: T) => Promise<{ store: ObjectStore; root: string }>
}

const MIB = 1024 * 1024
const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const bytesOf = (url: string): string => Buffer.from(url).toString('hex')

/** Registers the tests that every {@link ObjectStore} must pass, one by one. */
export function runObjectStoreConformance<T>(harness: ObjectStoreConformanceHarness<T>): void {
  const check = (
    behaviour: string,
    run: (store: ObjectStore, root: string) => Promise<void>,
  ): void => {
    harness.test(`${harness.name}: ${behaviour}`, async (context) => {
      const { store, root } = await harness.open(context)
      await run(store, root)
    })
  }
  const putAll = (store: ObjectStore, urls: string[]): Promise<boolean[]> =>
    Promise.all(urls.map((url) => store.put(url, text(url))))
  const urlsBelow = async (store: ObjectStore, url: string): Promise<string[]> => {
    const urls = []
    for await (const info of store.list(url)) urls.push(info.url)
    return urls
  }

  check('scheme is that of its URLs', async (store, root) => {
    assert.ok(root.startsWith(`${store.scheme}://`))
  })

  check('get and head of an absent object give undefined', async (store, root) => {
    await store.put(`${root}/there/x`, text('x'))
    for (const url of [`${root}/no`, `${root}/there`, `${root}/there/y`, `${root}/there/x/y`]) {
      assert.equal(await store.get(url), undefined)
      assert.equal(await store.get(url, { range: { start: 0, end: 1 } }), undefined)
      assert.equal(await store.head(url), undefined)
    }
  })

  check('an empty object is there, and empty', async (store, root) => {
    assert.equal(await store.put(`${root}/empty`, new Uint8Array(0)), true)
    const got = await store.get(`${root}/empty`)
    assert.ok(isBytes(got))
    assert.equal(got.length, 0)
    assert.equal((await store.head(`${root}/empty`))?.bytes, 0)
  })

  check('every byte value comes back as it was put', async (store, root) => {
    const bytes = Uint8Array.from({ length: 70_000 }, (_, i) => (i * 7 + (i >> 8)) % 256)
    await store.put(`${root}/binary`, bytes, { contentType: 'application/octet-stream' })
    assert.deepEqual(new Uint8Array((await store.get(`${root}/binary`)) ?? []), bytes)
  })

  check('put takes a view of a larger buffer', async (store, root) => {
    await store.put(`${root}/view`, text('0123456789').subarray(3, 6))
    assert.deepEqual(new Uint8Array((await store.get(`${root}/view`)) ?? []), text('345'))
  })

  check('bytes belong to their caller after put and after get', async (store, root) => {
    const bytes = Buffer.from('before')
    await store.put(`${root}/own`, bytes)
    bytes.fill(0)
    const got = await store.get(`${root}/own`)
    got?.fill(1)
    assert.deepEqual(new Uint8Array((await store.get(`${root}/own`)) ?? []), text('before'))
  })

  check('put overwrites, also with something shorter', async (store, root) => {
    await store.put(`${root}/x`, text('a long first version'))
    assert.equal(await store.put(`${root}/x`, text('second')), true)
    assert.deepEqual(new Uint8Array((await store.get(`${root}/x`)) ?? []), text('second'))
    assert.equal((await store.head(`${root}/x`))?.bytes, 6)
  })

  check('put with ifAbsent keeps what is there and says false', async (store, root) => {
    assert.equal(await store.put(`${root}/once`, text('first'), { ifAbsent: true }), true)
    assert.equal(await store.put(`${root}/once`, text('second'), { ifAbsent: true }), false)
    assert.deepEqual(new Uint8Array((await store.get(`${root}/once`)) ?? []), text('first'))
    await store.delete(`${root}/once`)
    assert.equal(await store.put(`${root}/once`, text('third'), { ifAbsent: true }), true)
    assert.deepEqual(await urlsBelow(store, root), [`${root}/once`])
  })

  check('of 20 puts with ifAbsent at once exactly one wins', async (store, root) => {
    const url = `${root}/deep/er/race`
    const won = await Promise.all(
      Array.from({ length: 20 }, (_, i) => store.put(url, text(`racer ${i}`), { ifAbsent: true })),
    )
    assert.deepEqual(won.filter(Boolean), [true])
    assert.deepEqual(
      new Uint8Array((await store.get(url)) ?? []),
      text(`racer ${won.indexOf(true)}`),
    )
    assert.deepEqual(await urlsBelow(store, root), [url])
  })

  for (const [start, end, expected, what] of [
    [2, 5, '234', 'inside'],
    [0, 10, '0123456789', 'all'],
    [7, 99, '789', 'clipped at the end'],
    [0, Number.MAX_SAFE_INTEGER, '0123456789', 'open-ended'],
    [4, 4, '', 'empty'],
    [10, 12, '', 'just beyond the end'],
    [50, 60, '', 'far beyond the end'],
  ] as const) {
    check(`get of a range: ${what}`, async (store, root) => {
      await store.put(`${root}/digits`, text('0123456789'))
      const got = await store.get(`${root}/digits`, { range: { start, end } })
      assert.ok(isBytes(got))
      assert.equal(new TextDecoder().decode(got), expected)
    })
  }

  registerUploads(check)

  check('get of a range of an empty object is empty', async (store, root) => {
    await store.put(`${root}/empty`, new Uint8Array(0))
    assert.equal((await store.get(`${root}/empty`, { range: { start: 0, end: 9 } }))?.length, 0)
  })

  check('head returns size and date, as list does', async (store, root) => {
    const before = Date.now()
    await store.put(`${root}/a/x`, text('12345'))
    const head = await store.head(`${root}/a/x`)
    assert.equal(head?.url, `${root}/a/x`)
    assert.equal(head.bytes, 5)
    // Servers store whole seconds, by their own clock.
    assert.ok(Math.abs(head.modifiedAt.getTime() - before) < 60_000)
    for await (const info of store.list(root)) {
      assert.deepEqual(
        [info.url, info.bytes, info.modifiedAt],
        [head.url, head.bytes, head.modifiedAt],
      )
    }
  })

  check(
    'list gives objects at every depth, ordered by the UTF-8 bytes of the URL',
    async (store, root) => {
      const names = [
        'a-b/x',
        'a/z',
        'a/b/c',
        'a=b',
        'a.b',
        'a0',
        'b',
        'B',
        'b c',
        'é',
        'z',
        '\u{ffee}',
        '\u{1f600}',
        'naïve/日本',
        'run_id=x/db=00000/attempt=00/manifest/1',
        'run_id=x/db=00000/attempt=00/wal-0',
        'run_id=x-y/1',
        '2026-01-02T03:04:05.000006Z_run_id=r/manifest',
        'it\'s (1)~!$&+,;@[]^`{|}"<>',
      ].map((name) => `${root}/${name}`)
      await putAll(store, names)
      const expected = [...names].sort((a, b) => (bytesOf(a) < bytesOf(b) ? -1 : 1))
      assert.deepEqual(await urlsBelow(store, root), expected)
      assert.deepEqual(await urlsBelow(store, `${root}/`), expected)
      for (const url of names)
        assert.deepEqual(new Uint8Array((await store.get(url)) ?? []), text(url))
    },
  )

  check('list of nothing is empty', async (store, root) => {
    assert.deepEqual(await urlsBelow(store, root), [])
    await store.put(`${root}/x`, text('x'))
    assert.deepEqual(await urlsBelow(store, `${root}/x`), [])
    assert.deepEqual(await urlsBelow(store, `${root}/y`), [])
  })

  check(
    'list may be left in the middle, and objects deleted while it runs',
    async (store, root) => {
      await putAll(
        store,
        ['a', 'b', 'c/1', 'c/2', 'd'].map((name) => `${root}/${name}`),
      )
      for await (const info of store.list(root)) {
        assert.equal(info.url, `${root}/a`)
        break
      }
      const seen = []
      for await (const info of store.list(root)) {
        seen.push(info.url)
        await store.deletePrefix(root)
      }
      assert.equal(seen[0], `${root}/a`)
      assert.deepEqual(await urlsBelow(store, root), [])
    },
  )

  check('below means whole segments', async (store, root) => {
    const [mine, other] = [`${root}/attempt=00`, `${root}/attempt=001`]
    await putAll(store, [`${mine}/x`, `${other}/x`, `${root}/attempt=00.bak`])
    assert.deepEqual(await urlsBelow(store, mine), [`${mine}/x`])
    assert.equal(await store.deletePrefix(mine), 1)
    assert.deepEqual(await urlsBelow(store, root), [`${root}/attempt=00.bak`, `${other}/x`])
  })

  check(
    'listPrefixes gives the immediate directories, once each, ascending',
    async (store, root) => {
      const names = ['a-b/x', 'a/1', 'a/2/3', 'a=b/x', 'é/x', 'file', 'run_id=x/deep/er/y', 'b c/x']
      await putAll(
        store,
        names.map((name) => `${root}/${name}`),
      )
      const expected = ['a', 'a-b', 'a=b', 'b c', 'run_id=x', 'é'].map((name) => `${root}/${name}`)
      assert.deepEqual(await store.listPrefixes(root), expected)
      assert.deepEqual(await store.listPrefixes(`${root}/`), expected)
      assert.deepEqual(await store.listPrefixes(`${root}/a`), [`${root}/a/2`])
      assert.deepEqual(await store.listPrefixes(`${root}/none`), [])
    },
  )

  check('a directory is gone with its last object', async (store, root) => {
    await putAll(store, [`${root}/a/x`, `${root}/b/c/x`])
    await store.delete(`${root}/b/c/x`)
    assert.deepEqual(await store.listPrefixes(root), [`${root}/a`])
    assert.equal(await store.put(`${root}/b`, text('now an object')), true)
    assert.deepEqual(await urlsBelow(store, root), [`${root}/a/x`, `${root}/b`])
  })

  check('delete removes one object, and succeeds for absent ones', async (store, root) => {
    await putAll(store, [`${root}/a/x`, `${root}/a/y`])
    await store.delete(`${root}/a/x`)
    await store.delete(`${root}/a/x`)
    await store.delete(`${root}/never/was`)
    await store.delete(`${root}/a`)
    assert.deepEqual(await urlsBelow(store, root), [`${root}/a/y`])
  })

  check('deletePrefix counts what it deleted and spares the rest', async (store, root) => {
    await putAll(
      store,
      [1, 2, 3].map((i) => `${root}/run/db=${i}/x`),
    )
    await putAll(store, [`${root}/run/y`, `${root}/run2/z`, `${root}/z`])
    assert.equal(await store.deletePrefix(`${root}/run`), 4)
    assert.equal(await store.deletePrefix(`${root}/run`), 0)
    assert.equal(await store.deletePrefix(`${root}/z`), 0)
    assert.deepEqual(await urlsBelow(store, root), [`${root}/run2/z`, `${root}/z`])
  })

  check('objects written by others are still there after sync', async (store, root) => {
    await putAll(store, [`${root}/a/x`, `${root}/a/b/y`])
    await store.sync?.(`${root}/a`)
    await store.sync?.(`${root}/none`)
    assert.deepEqual(await urlsBelow(store, root), [`${root}/a/b/y`, `${root}/a/x`])
  })

  check(
    'an aborted signal rejects every call with its own reason and nothing happens',
    async (store, root) => {
      await store.put(`${root}/a/x`, text('x'))
      const reason = { why: 'not an Error, on purpose' }
      const options: ObjectCallOptions = { signal: AbortSignal.abort(reason) }
      const calls: [string, () => unknown][] = [
        ['get', () => store.get(`${root}/a/x`, options)],
        ['head', () => store.head(`${root}/a/x`, options)],
        ['put', () => store.put(`${root}/a/new`, text('new'), options)],
        ['list', () => store.list(root, options)[Symbol.asyncIterator]().next()],
        ['listPrefixes', () => store.listPrefixes(root, options)],
        ['delete', () => store.delete(`${root}/a/x`, options)],
        ['deletePrefix', () => store.deletePrefix(root, options)],
      ]
      if (store.sync !== undefined) calls.push(['sync', () => store.sync!(root, options)])
      for (const [name, call] of calls) {
        const outcome = await Promise.resolve(call()).then(
          () => 'resolved',
          (error: unknown) => error,
        )
        assert.equal(outcome, reason, name)
      }
      assert.deepEqual(await urlsBelow(store, root), [`${root}/a/x`])
    },
  )

  check(
    'a signal aborted while a call runs ends it with its reason or comes too late',
    async (store, root) => {
      await putAll(store, [`${root}/a/x`, `${root}/b/y`])
      const calls: ((options: ObjectCallOptions) => Promise<unknown>)[] = [
        (options) => store.get(`${root}/a/x`, options),
        (options) => store.head(`${root}/a/x`, options),
        (options) => store.put(`${root}/a/z`, text('z'), options),
        (options) => store.listPrefixes(root, options),
        async (options) => {
          for await (const _ of store.list(root, options));
        },
        (options) => store.delete(`${root}/b/y`, options),
        (options) => store.deletePrefix(`${root}/b`, options),
      ]
      for (const call of calls) {
        const reason = new Error('enough')
        const stop = new AbortController()
        const running = call({ signal: stop.signal })
        stop.abort(reason)
        await running.catch((error: unknown) => assert.equal(error, reason))
      }
      // An ended call must not hold anything that the next one needs.
      const url = `${root}/a/x`
      assert.deepEqual(new Uint8Array((await store.get(url)) ?? []), text(url))
      assert.equal(await store.put(`${root}/a/z`, text('again')), true)
    },
  )

  check('a signal aborted in the middle of a list ends it with its reason', async (store, root) => {
    await putAll(
      store,
      Array.from({ length: 20 }, (_, i) => `${root}/d${i}/x`),
    )
    const controller = new AbortController()
    const reason = new Error('enough')
    const seen: string[] = []
    const listing = (async () => {
      for await (const info of store.list(root, { signal: controller.signal })) {
        seen.push(info.url)
        if (seen.length === 3) controller.abort(reason)
      }
    })()
    await assert.rejects(listing, (error) => error === reason)
    assert.equal(seen.length, 3)
  })

  check('a reader never sees a put half done', async (store, root) => {
    const url = `${root}/pointer`
    await store.put(url, new Uint8Array(MIB).fill(1))
    let writing = true
    const writer = (async () => {
      for (let version = 2; version <= 25; version++) {
        // Sizes differ, so that a mixture of two versions is detected either way.
        await store.put(url, new Uint8Array(MIB - version).fill(version))
        // Otherwise a store in memory would never yield to the other side.
        await new Promise(setImmediate)
      }
    })().finally(() => (writing = false))
    const versions = new Set<number>()
    try {
      while (writing) {
        const got = await store.get(url)
        const version = got?.[0] ?? 0
        versions.add(version)
        assert.equal(got?.length, version === 1 ? MIB : MIB - version)
        assert.ok(got.every((byte) => byte === version))
        await new Promise(setImmediate)
      }
    } finally {
      await writer
    }
    assert.ok(versions.size > 1, 'the reader ran concurrently with the writer')
    assert.equal((await store.get(url))?.[0], 25)
  })

  check('puts to many names at once all arrive', async (store, root) => {
    const urls = Array.from(
      { length: 60 },
      (_, i) => `${root}/d=${i % 7}/e/${String(i).padStart(2, '0')}`,
    )
    assert.ok((await putAll(store, urls)).every(Boolean))
    assert.deepEqual((await urlsBelow(store, root)).toSorted(), urls.toSorted())
  })

  check(
    'a URL that is not this store’s, or not one object’s, is refused by name',
    async (store, root) => {
      const wrong = [
        'gopher://x/y',
        `${root}/a/../b`,
        `${root}/a/./b`,
        `${root}/a//b`,
        `${root}/a/`,
        `${root}/a?b`,
        `${root}/a#b`,
      ]
      for (const url of wrong) {
        await assert.rejects(
          store.put(url, text('x')),
          { code: 'SHARD_STORE', retryable: false },
          url,
        )
        await assert.rejects(store.get(url), { code: 'SHARD_STORE', message: /\.get: / }, url)
      }
      await assert.rejects(store.deletePrefix(`${root}/a/../..`), { code: 'SHARD_STORE' })
      await assert.rejects(store.deletePrefix(`${store.scheme}:///`), { code: 'SHARD_STORE' })
    },
  )
}
