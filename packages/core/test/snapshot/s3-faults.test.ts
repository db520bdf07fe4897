import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import {
  isShardyfusionError,
  type RetryPolicy,
  SnapshotReader,
  writeSnapshot,
} from '@shardyfusion/core'
import type { S3Options } from '#dist/store/s3/connect/s3-options.js'
import { type Fault, startFaultProxy } from '../support/fault-proxy.js'
import { seededRandom } from '@shardyfusion/test-support/seeded-random'
import { soak } from '@shardyfusion/test-support/soak'
import { type S3Server, withS3Server } from '../support/s3-server.js'

/** More show what is rare: `SHARDYFUSION_SOAK=20 npm test -- s3-faults`. */
const BUILDS = soak(20, 60)
const SEED = Number(process.env['SHARDYFUSION_FAULT_SEED'] ?? 1)
/** Not `native` by default: where connections break, that binding may stop the process (docs/s3.md). */
const ENGINE = process.env['SHARDYFUSION_FAULT_ENGINE'] === 'native' ? 'native' : 'wasm'
const FAULT_RATE = 0.1
const ROWS = 60
/** One build in so many may not move the pointer, and so must fail. */
const DENIED_EVERY = 5
const FAULTS: readonly Fault[] = [
  { kind: 'reset' },
  { kind: 'lose-answer' },
  { kind: 'answer', status: 500 },
  { kind: 'answer', status: 503 },
  { kind: 'truncate' },
  { kind: 'slow', ms: 200 },
  { kind: 'stall' },
  { kind: 'hang' },
  { kind: 'dribble', ms: 50 },
  { kind: 'login-page' },
  { kind: 'login-page-after' },
  { kind: 'twice' },
  { kind: 'halve' },
]

const DENIED: Fault = {
  kind: 'answer',
  status: 403,
  body: '<Error><Code>AccessDenied</Code></Error>',
}

/** How a build meets failures; they take turns. */
interface Way {
  /** Tries of one request. With few, shards fail, and are written again or resumed. */
  readonly maxAttempts: number
  readonly retry?: RetryPolicy
  /** A build that fails is resumed by its run id, first through the faults, then without. */
  readonly resume: boolean
}

const RETRY: RetryPolicy = { maxRetries: 4, initialBackoffMs: 10 }
const WAYS: readonly Way[] = [
  { maxAttempts: 5, resume: false },
  { maxAttempts: 2, retry: RETRY, resume: false },
  { maxAttempts: 2, resume: true },
  { maxAttempts: 1, retry: RETRY, resume: true },
]

/** What a build wrote last, as far as readers may see it. */
interface Published {
  readonly runId: string
  readonly build: number
}

/** Most of the time goes into waiting for what never comes, so several lineages wait side by side. */
const LINEAGES = 6

/** How a lineage fared. */
interface Tally {
  failed: number
  retries: number
  resumed: number
  resumedShards: number
  unreadable: number
  requests: number
  readonly faults: Record<string, number>
  /** Failures other than those forced. */
  readonly unforced: string[]
}

await withS3Server('builds with faults', (server) => {
  test(
    `${BUILDS} builds through a failing network are published whole or not at all (seed ${SEED})`,
    { timeout: 60_000 + BUILDS * 15_000 },
    async (t) => {
      const tally: Tally = {
        failed: 0,
        retries: 0,
        resumed: 0,
        resumedShards: 0,
        unreadable: 0,
        requests: 0,
        faults: {},
        unforced: [],
      }
      const lineages = Array.from({ length: LINEAGES }, (_, i) => buildLineage(t, server, i, tally))
      await Promise.all(lineages)
      const { failed, unreadable, requests, faults } = tally
      t.diagnostic(
        `${BUILDS - failed} published at once, ${failed} failed, ${tally.resumed} of them resumed with ` +
          `${tally.resumedShards} sealed shards; ${tally.retries} attempts at shards were repeated; ` +
          `${unreadable} readings failed; ` +
          `${requests} requests, faults: ${JSON.stringify(faults)}`,
      )
      for (const message of tally.unforced) t.diagnostic(`failed: ${message}`)
      assert.ok(failed >= Math.floor(BUILDS / DENIED_EVERY), 'denied builds fail')
      assert.ok(
        failed < BUILDS * 0.7,
        `${failed} of ${BUILDS} builds failed: retries seem not to work`,
      )
      for (const { kind } of FAULTS) assert.ok((faults[kind] ?? 0) > 0, `no ${kind} happened`)
    },
  )
})

/** Gives every kind in turn, so that none fails to happen by chance; each lineage begins at another. */
function faultsInTurn(lineage: number): (hasRange: boolean) => Fault | undefined {
  const begin = Math.floor((lineage * FAULTS.length) / LINEAGES)
  const queue: Fault[] = []
  return (hasRange) => {
    if (queue.length < 2) queue.push(...FAULTS.slice(begin), ...FAULTS.slice(0, begin))
    // Without a range, nothing in an answer says how long it should have been.
    const at = queue.findIndex(({ kind }) => hasRange || kind !== 'halve')
    return queue.splice(at, 1)[0]
  }
}

/** Builds one snapshot after the other below one prefix, every fourth of all. */
async function buildLineage(
  t: TestContext,
  { bucket, endpoint, s3 }: S3Server,
  lineage: number,
  tally: Tally,
): Promise<void> {
  const proxy = await startFaultProxy(endpoint)
  t.after(() => proxy.stop())
  const random = seededRandom(SEED * LINEAGES + lineage)
  const nextFault = faultsInTurn(lineage)
  const prefix = `s3://${bucket}/${randomUUID()}`
  const begunAt = performance.now()
  const through = { ...s3, endpoint: proxy.endpoint }
  let current = await build({ prefix, number: 0, way: WAYS[0]!, tally, s3: through })
  // Short, since a fault that hangs takes so long, but above the answers of a busy machine.
  const limitMs = Math.ceil(Math.max(500, (20 * (performance.now() - begunAt)) / proxy.seen.length))
  const faulty = { ...through, connectTimeoutMs: limitMs, requestTimeoutMs: limitMs }
  for (let number = 1 + lineage; number <= BUILDS; number += LINEAGES) {
    const denied = number % DENIED_EVERY === 0
    proxy.decide = ({ method, url, headers }) => {
      if (denied && method === 'PUT' && url.includes('/_CURRENT')) return DENIED
      return random() < FAULT_RATE ? nextFault(headers.range !== undefined) : undefined
    }
    const way = WAYS[Math.floor(number / LINEAGES) % WAYS.length]!
    const order = { prefix, number, way, tally }
    try {
      current = await build({ ...order, s3: { ...faulty, maxAttempts: way.maxAttempts } })
      assert.ok(!denied, 'a build whose pointer could not be written cannot have been published')
    } catch (error) {
      // Any failure of storage or of the engine is allowed, as long as it is one of ours.
      if (!isShardyfusionError(error)) throw error
      tally.failed++
      if (!denied) tally.unforced.push(error.message)
      await assertReadable(prefix, current, s3)
      if (way.resume) {
        current = await build({ ...order, s3: faulty }).catch((again: unknown) => {
          if (!isShardyfusionError(again)) throw again
          tally.unforced.push(`resuming: ${again.message}`)
          return build({ ...order, s3 })
        })
        tally.resumed++
      }
    }
    if (!(await readThroughFaults(prefix, current, faulty, tally.unforced))) tally.unreadable++
    proxy.decide = () => undefined
    await assertReadable(prefix, current, s3)
  }
  tally.requests += proxy.seen.length
  for (const [kind, count] of Object.entries(proxy.done)) {
    tally.faults[kind] = (tally.faults[kind] ?? 0) + count
  }
}

interface Order {
  readonly prefix: string
  readonly number: number
  readonly way: Way
  readonly tally: Tally
  readonly s3: S3Options
}

async function build({ prefix, number, way, tally, s3 }: Order): Promise<Published> {
  const records = Array.from({ length: ROWS }, (_, key) => [key, valueOf(number, key)] as const)
  let retries = 0
  try {
    const { runId, shardsResumed } = await writeSnapshot(records, {
      prefix,
      sharding: { shards: 2 },
      values: 'utf8',
      openTimeoutMs: openTimeoutOf(s3),
      engine: ENGINE,
      s3,
      ...(way.retry && { retry: way.retry }),
      ...(way.resume && { resume: true, runId: `build-${number}` }),
      onProgress: (progress) => (retries = progress.retries),
    })
    tally.resumedShards += shardsResumed
    return { runId, build: number }
  } finally {
    tally.retries += retries
  }
}

/** Time for several requests that hang, and are repeated. */
function openTimeoutOf({ requestTimeoutMs = 500 }: S3Options): number {
  return 40 * requestTimeoutMs
}

function valueOf(number: number, key: number): string {
  return `build ${number}, key ${key}`
}

/** Everything of the snapshot there, nothing of another. */
async function assertReadable(
  prefix: string,
  { runId, build: number }: Published,
  s3: S3Options,
): Promise<void> {
  const reader = await SnapshotReader.open({
    prefix,
    values: 'utf8',
    keys: 'decoded',
    engine: ENGINE,
    s3,
  })
  try {
    assert.equal(reader.info().runId, runId)
    const scanned: unknown[] = []
    for await (const entry of reader.scanIter()) scanned.push([...entry])
    assert.deepEqual(
      scanned,
      Array.from({ length: ROWS }, (_, key) => [BigInt(key), valueOf(number, key)]),
    )
  } finally {
    await reader.close()
  }
}

/** Reading may fail, but what is read is right; true if it did not fail. */
async function readThroughFaults(
  prefix: string,
  { build: number }: Published,
  s3: S3Options,
  unforced: string[],
): Promise<boolean> {
  const keys = Array.from({ length: ROWS }, (_, key) => key)
  let reader: SnapshotReader<string> | undefined
  try {
    reader = await SnapshotReader.open({
      prefix,
      values: 'utf8',
      openTimeoutMs: openTimeoutOf(s3),
      engine: ENGINE,
      s3,
    })
    const values = await reader.getMany(keys)
    assert.deepEqual(
      values,
      keys.map((key) => valueOf(number, key)),
    )
    return true
  } catch (error) {
    if (!isShardyfusionError(error)) throw error
    unforced.push(`reading: ${error.message}`)
    return false
  } finally {
    await reader?.close().catch((error: unknown) => {
      if (!isShardyfusionError(error)) throw error
    })
  }
}
