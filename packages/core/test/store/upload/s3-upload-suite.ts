import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3'
import { S3Store } from '#dist/store/s3/s3-store.js'
import { type FaultProxy, type ProxiedRequest, startFaultProxy } from '../../support/fault-proxy.js'
import { rawClient } from '../../support/s3-raw.js'
import type { S3Server } from '../../support/s3-server.js'
import { rejectsWith } from '@shardyfusion/test-support/throws'

const MIB = 1024 * 1024
const BYTES = new Uint8Array(17 * MIB).map((_, i) => i >> 12)

type IsStep = (request: ProxiedRequest) => boolean

const STEPS: Readonly<Record<string, IsStep>> = {
  'the start': ({ method, url }) => method === 'POST' && url.includes('uploads'),
  'a part': ({ method, url }) => method === 'PUT' && url.includes('partNumber'),
  'the end': ({ method, url }) => method === 'POST' && url.includes('uploadId'),
}

/** Multipart uploads through faults. */
export function runS3UploadSuite(server: S3Server): void {
  const open = async (t: TestContext) => {
    const proxy = await startFaultProxy(server.endpoint)
    t.after(() => proxy.stop())
    const s3 = { ...server.s3, endpoint: proxy.endpoint, requestTimeoutMs: 5000 }
    const store = new S3Store({ s3 })
    t.after(() => store.close())
    return { store, proxy, url: `s3://${server.bucket}/${randomUUID()}/object` }
  }

  for (const [step, isStep] of Object.entries(STEPS)) {
    for (const kind of ['reset', 'lose-answer'] as const) {
      test(`S3Store: upload survives ${kind} of ${step}`, async (t) => {
        const { store, proxy, url } = await open(t)
        failFirst(proxy, isStep, { kind })
        await upload(store, url)
        assert.equal(proxy.done[kind], 1)
        const got = await store.get(url)
        assert.equal(Buffer.compare(got!, BYTES), 0)
      })
    }

    test(`S3Store: upload ends when ${step} is refused, and leaves nothing`, async (t) => {
      const { store, proxy, url } = await open(t)
      const body = '<Error><Code>AccessDenied</Code><Message>no</Message></Error>'
      const uploads = async (): Promise<string[]> => pending(rawClient(t, server), server, url)
      proxy.decide = (request) =>
        isStep(request) ? { kind: 'answer', status: 403, body } : undefined
      await rejectsWith('SHARD_STORE', /^S3Store\.upload: /, () => upload(store, url))
      assert.equal(await store.head(url), undefined)
      assert.deepEqual(await uploads(), [])
    })
  }

  test('S3Store: a login page in place of an answer never completes an upload', async (t) => {
    for (const [step, isStep] of Object.entries(STEPS)) {
      const { store, proxy, url } = await open(t)
      // Once the place has answered like S3, a page of something in between is transient.
      await store.head(url)
      failFirst(proxy, isStep, { kind: 'login-page' })
      await upload(store, url)
      assert.equal((await store.get(url))?.length, BYTES.length, step)
    }
  })

  test('S3Store: an upload whose signal aborts removes its parts without another call', async (t) => {
    const { store, proxy, url } = await open(t)
    const stop = new AbortController()
    const started = await store.upload(url, { signal: stop.signal })
    await started.write(BYTES)
    const aborted = new Promise<void>((resolve) => {
      proxy.decide = ({ method }) => {
        if (method === 'DELETE') resolve()
        return undefined
      }
    })
    stop.abort(new Error('enough'))
    await aborted
    await assert.rejects(started.complete(), /enough/)
    await started.abort()
    assert.deepEqual(await pending(rawClient(t, server), server, url), [])
  })

  test('S3Store: abort fails with the reason if the parts cannot be removed', async (t) => {
    const { store, proxy, url } = await open(t)
    const started = await store.upload(url)
    await started.write(BYTES)
    const body = '<Error><Code>AccessDenied</Code><Message>no</Message></Error>'
    proxy.decide = ({ method }) =>
      method === 'DELETE' ? { kind: 'answer', status: 403, body } : undefined
    await rejectsWith('SHARD_STORE', /^S3Store\.upload: /, () => started.abort())
  })
}

async function upload(store: S3Store, url: string): Promise<void> {
  const started = await store.upload(url)
  for (let at = 0; at < BYTES.length; at += 3 * MIB) {
    await started.write(BYTES.subarray(at, at + 3 * MIB))
  }
  await started.complete()
}

function failFirst(
  proxy: FaultProxy,
  isStep: IsStep,
  fault: ReturnType<FaultProxy['decide']>,
): void {
  let isFirst = true
  proxy.decide = (request) => {
    if (!isFirst || !isStep(request)) return undefined
    isFirst = false
    return fault
  }
}

/** Keys of the unfinished uploads of one object. */
async function pending(
  client: ReturnType<typeof rawClient>,
  { bucket }: S3Server,
  url: string,
): Promise<string[]> {
  const key = url.slice(`s3://${bucket}/`.length)
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }))
  return Uploads.flatMap(({ Key }) => (Key === key ? [Key] : []))
}
