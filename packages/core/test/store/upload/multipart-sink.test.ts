import assert from 'node:assert/strict'
import { test } from 'node:test'
import { multipartSink, type MultipartRequests } from '#dist/store/s3/s3-upload.js'
import {
  MAX_UPLOAD_BYTES,
  PART_BYTES,
  partBytes,
  uploadRequests,
} from '#dist/store/upload/upload-parts.js'

const MIB = 1024 * 1024

/** Requests that note their calls; parts are answered when `answer` is called. */
function watched(changes: Partial<MultipartRequests> = {}) {
  const calls: string[] = []
  const parts = new Map<number, Uint8Array>()
  let waiting: (() => void)[] = []
  const seen = { inTransfer: 0, most: 0, held: false }
  const requests: MultipartRequests = {
    put: async (bytes) => void calls.push(`put ${bytes.length}`),
    create: async () => {
      calls.push('create')
      return 'id'
    },
    uploadPart: async (_, number, bytes) => {
      calls.push(`part ${number} ${bytes.length}`)
      seen.most = Math.max(seen.most, ++seen.inTransfer)
      if (seen.held) await new Promise<void>((resolve) => waiting.push(resolve))
      seen.inTransfer--
      parts.set(number, bytes.slice())
      return `etag ${number}`
    },
    complete: async (_, etags, bytes) => void calls.push(`complete ${etags.join(',')} ${bytes}`),
    abort: async () => void calls.push('abort'),
    tooLarge: (bytes) => new Error(`too large: ${bytes}`),
    ...changes,
  }
  const answer = (): void => {
    for (const resolve of waiting) resolve()
    waiting = []
  }
  return { calls, parts, seen, answer, sink: multipartSink(requests) }
}

test('multipartSink: an object of one part is one put', async () => {
  for (const bytes of [0, 1, PART_BYTES]) {
    const { calls, sink } = watched()
    await sink.append(new Uint8Array(bytes))
    await sink.commit(undefined)
    assert.deepEqual(calls, [`put ${bytes}`])
    assert.equal(uploadRequests(bytes), calls.length)
  }
})

test('multipartSink: the first part is sent last, with the head', async () => {
  const { calls, parts, sink } = watched()
  for (let i = 0; i < 17; i++) await sink.append(new Uint8Array(MIB).fill(i))
  assert.ok(!calls.some((call) => call.startsWith('part 1 ')))
  await sink.commit(Uint8Array.of(255, 254))
  assert.deepEqual(calls, [
    'create',
    `part 2 ${PART_BYTES}`,
    `part 3 ${MIB}`,
    `part 1 ${PART_BYTES}`,
    `complete etag 1,etag 2,etag 3 ${17 * MIB}`,
  ])
  assert.equal(uploadRequests(17 * MIB), calls.length)
  assert.deepEqual([...parts.get(1)!.subarray(0, 3)], [255, 254, 0])
  assert.equal(parts.get(2)![0], 8)
})

test('multipartSink: a slow store holds the writer back, so that few parts are in memory', async () => {
  const { seen, answer, sink } = watched()
  seen.held = true
  let appended = 0
  const writing = (async () => {
    for (; appended < 20; appended++) await sink.append(new Uint8Array(PART_BYTES))
  })()
  // Everything that can run has run once nothing is left to do but to answer.
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
  assert.equal(seen.most, 4)
  assert.ok(appended <= 5, `${appended} parts were taken`)
  seen.held = false
  answer()
  await writing
  await sink.commit(undefined)
  assert.equal(seen.most, 4)
})

test('multipartSink: a part that fails ends the next call, and the parts are removed', async () => {
  const error = new Error('no')
  const { calls, sink } = watched({ uploadPart: async () => Promise.reject(error) })
  const writing = async (): Promise<void> => {
    for (let i = 0; i < 9; i++) await sink.append(new Uint8Array(PART_BYTES))
    await sink.commit(undefined)
  }
  await assert.rejects(writing, (found) => found === error)
  await sink.discard()
  assert.deepEqual(calls, ['create', 'abort'])
})

test('multipartSink: parts in transfer end before the upload is aborted', async () => {
  const { calls, seen, answer, parts, sink } = watched()
  seen.held = true
  for (let i = 0; i < 3; i++) await sink.append(new Uint8Array(PART_BYTES))
  const discarding = sink.discard()
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate)
  assert.ok(!calls.includes('abort'))
  answer()
  await discarding
  assert.equal(parts.size, 2)
  assert.equal(calls.at(-1), 'abort')
})

test('multipartSink: parts grow, so that 10,000 of them have room for 351 GiB', () => {
  let sum = 0
  for (let number = 1; number <= 10_000; number++) sum += partBytes(number)
  assert.equal(sum, MAX_UPLOAD_BYTES)
  assert.equal(uploadRequests(MAX_UPLOAD_BYTES), 10_002)
  assert.equal(uploadRequests(MAX_UPLOAD_BYTES - 1), 10_002)
})
