import assert from 'node:assert/strict'
import type { ObjectStore, ObjectUpload } from '../store/object-store.js'

type Check = (behaviour: string, run: (store: ObjectStore, root: string) => Promise<void>) => void

const MIB = 1024 * 1024
/** More than one part of a multipart upload; a prime, so that no piece ends with a part. */
const LARGE_BYTES = 18 * MIB + 7
const PIECE_BYTES = 999_983

/** Registers the tests of `upload`; a store without it passes them. */
export function registerUploads(check: Check): void {
  const checkUpload = (
    behaviour: string,
    run: (start: () => Promise<ObjectUpload>, store: ObjectStore, url: string) => Promise<void>,
  ): void => {
    check(`upload: ${behaviour}`, async (store, root) => {
      if (store.upload === undefined) return
      const url = `${root}/deep/er/object`
      await run(() => store.upload!(url), store, url)
    })
  }
  const isAbsent = async (store: ObjectStore, url: string): Promise<void> => {
    assert.equal(await store.head(url), undefined)
    for await (const info of store.list(url.slice(0, url.lastIndexOf('/')))) assert.fail(info.url)
  }

  checkUpload('pieces become one object, visible at the end', async (start, store, url) => {
    const upload = await start()
    const piece = bytesAt(0, 1000)
    await upload.write(piece)
    // The bytes belong to the caller again.
    piece.fill(0)
    await upload.write(new Uint8Array(0))
    await upload.write(bytesAt(1000, 1500).subarray(0, 500))
    await isAbsent(store, url)
    await upload.complete()
    assert.deepEqual(plain(await store.get(url)), bytesAt(0, 1500))
    assert.equal((await store.head(url))?.bytes, 1500)
  })

  checkUpload('head replaces the first bytes', async (start, store, url) => {
    const upload = await start()
    await upload.write(bytesAt(0, 300))
    await upload.complete(new Uint8Array(100).fill(7))
    const got = plain(await store.get(url))
    assert.deepEqual(got.subarray(0, 100), new Uint8Array(100).fill(7))
    assert.deepEqual(got.subarray(100), bytesAt(100, 300))
  })

  checkUpload('many parts arrive in order, with a head of 1 MiB', async (start, store, url) => {
    const upload = await start()
    for (let at = 0; at < LARGE_BYTES; at += PIECE_BYTES) {
      await upload.write(bytesAt(at, Math.min(at + PIECE_BYTES, LARGE_BYTES)))
    }
    await isAbsent(store, url)
    await upload.complete(new Uint8Array(MIB).fill(7))
    const expected = bytesAt(0, LARGE_BYTES)
    expected.fill(7, 0, MIB)
    const got = plain(await store.get(url))
    assert.equal(got.length, LARGE_BYTES)
    assert.equal(Buffer.compare(got, expected), 0)
  })

  checkUpload('an object without bytes is there, and empty', async (start, store, url) => {
    await (await start()).complete()
    assert.equal((await store.get(url))?.length, 0)
  })

  checkUpload('an existing object is replaced at the end', async (start, store, url) => {
    await store.put(url, bytesAt(0, 900))
    const upload = await start()
    await upload.write(bytesAt(50, 60))
    assert.equal((await store.get(url))?.length, 900)
    await upload.complete()
    assert.deepEqual(plain(await store.get(url)), bytesAt(50, 60))
  })

  for (const bytes of [10, LARGE_BYTES]) {
    checkUpload(`abort after ${bytes} bytes leaves nothing`, async (start, store, url) => {
      const upload = await start()
      await upload.write(bytesAt(0, bytes))
      await upload.abort()
      await upload.abort()
      await isAbsent(store, url)
      for (const call of [() => upload.write(bytesAt(0, 1)), () => upload.complete()]) {
        await assert.rejects(call, { code: 'SHARD_STORE', message: /aborted/ })
      }
      await isAbsent(store, url)
    })
  }

  checkUpload('nothing follows complete', async (start, store, url) => {
    const upload = await start()
    await upload.write(bytesAt(0, 10))
    await upload.complete()
    await upload.abort()
    await assert.rejects(upload.write(bytesAt(0, 1)), { code: 'SHARD_STORE', message: /complete/ })
    await assert.rejects(upload.complete(), { code: 'SHARD_STORE', message: /complete/ })
    assert.deepEqual(plain(await store.get(url)), bytesAt(0, 10))
  })

  checkUpload('a head that is too long ends the upload', async (start, store, url) => {
    for (const [written, head] of [
      [10, 11],
      [2 * MIB, MIB + 1],
    ] as const) {
      const upload = await start()
      await upload.write(bytesAt(0, written))
      const completing = upload.complete(new Uint8Array(head))
      await assert.rejects(completing, { code: 'SHARD_STORE', message: /head has/ })
      await isAbsent(store, url)
    }
  })

  checkUpload(
    'a second call at once is refused, and the first succeeds',
    async (start, store, url) => {
      const upload = await start()
      const writing = upload.write(bytesAt(0, 100))
      await assert.rejects(upload.write(bytesAt(0, 1)), {
        code: 'SHARD_STORE',
        message: /progress/,
      })
      await writing
      await upload.complete()
      assert.deepEqual(plain(await store.get(url)), bytesAt(0, 100))
    },
  )

  check('upload: an aborted signal ends it with its own reason', async (store, root) => {
    if (store.upload === undefined) return
    const url = `${root}/a/b`
    const reason = { why: 'not an Error, on purpose' }
    const rejection = (call: Promise<unknown>): Promise<unknown> =>
      call.then(
        () => 'resolved',
        (error: unknown) => error,
      )
    assert.equal(await rejection(store.upload(url, { signal: AbortSignal.abort(reason) })), reason)
    for (const calls of ['write', 'complete'] as const) {
      const stop = new AbortController()
      const upload: ObjectUpload = await store.upload(url, { signal: stop.signal })
      await upload.write(bytesAt(0, 9 * MIB))
      stop.abort(reason)
      const call: Promise<void> =
        calls === 'write' ? upload.write(bytesAt(0, 1)) : upload.complete()
      assert.equal(await rejection(call), reason)
      await upload.abort()
      await isAbsent(store, url)
    }
  })

  check('upload: many at once do not mix', async (store, root) => {
    if (store.upload === undefined) return
    await Promise.all(
      Array.from({ length: 12 }, async (_, i) => {
        const upload = await store.upload!(`${root}/same/${i}`)
        for (let piece = 0; piece < 5; piece++) await upload.write(new Uint8Array(1000).fill(i))
        await upload.complete()
      }),
    )
    for (let i = 0; i < 12; i++) {
      assert.deepEqual(plain(await store.get(`${root}/same/${i}`)), new Uint8Array(5000).fill(i))
    }
  })
}

/** The bytes of a known sequence between two offsets. */
function bytesAt(start: number, end: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(end - start)
  for (let i = 0; i < bytes.length; i++) bytes[i] = ((start + i) * 7 + ((start + i) >> 9)) & 255
  return bytes
}

function plain(bytes: Uint8Array | undefined): Uint8Array {
  assert.ok(bytes !== undefined)
  return new Uint8Array(bytes)
}
