import assert from 'node:assert/strict'
import type {
  Entry,
  Key,
  MemoryStore,
  RoutingContext,
  ScanIterator,
  SnapshotReader,
  SnapshotWriterOptions,
} from '@shardyfusion/core'
import { packEntries, type ShardEngine } from '@shardyfusion/core/extend'
import { faultyEngine, faultyStore } from '@shardyfusion/core/testing'
import type { Api } from '../contract/api.js'
import { rejectsWith } from '@shardyfusion/test-support/throws'
import { callerKey, hex, Model, type ModelRow, storedKey } from './model.js'
import type { BuildStep, Program, ScanStep, Step } from './program.js'

/** Where a program runs. */
export interface Ground {
  readonly api: Api
  readonly prefix: string
  /** What every open takes besides. */
  readonly around: Record<string, unknown>
  /** An engine and a store that faults can be put around; undefined where they cannot cross a thread. */
  readonly faults?: { readonly engine: ShardEngine; readonly objects: MemoryStore } | undefined
  /** Whether worker threads can write here. */
  readonly canWork: boolean
}

/** Bound on a step, in milliseconds: far more than any takes. */
const STEP_MS = 25_000
const SPOILED = 0xee

type Reader = SnapshotReader
type Scan = ScanIterator

interface OpenScan {
  readonly scan: Scan
  readonly step: ScanStep
  readonly expected: readonly ModelRow[]
  readonly count: number
  readonly found: ModelRow[]
}

/** Runs a program and compares every answer with the model; gives the number of steps. */
export async function runProgram(program: Program, ground: Ground): Promise<number> {
  const run = new ProgramRun(program, ground)
  try {
    await run.begin()
    for (const [i, step] of program.steps.entries()) {
      await bounded(run.step(step), `step ${i} (${step.kind})`)
    }
    return program.steps.length + 1
  } finally {
    await bounded(run.end(), 'closing')
  }
}

class ProgramRun {
  readonly #program: Program
  readonly #ground: Ground
  readonly #scans = new Map<number, OpenScan>()
  #lent: Uint8Array[] = []
  #reader: Reader | undefined
  /** What is published, and what the reader has open. */
  #current = new Model([], 1)
  #open = new Model([], 1)
  #builds = 0

  constructor(program: Program, ground: Ground) {
    this.#program = program
    this.#ground = ground
  }

  async begin(): Promise<void> {
    await bounded(this.#build(this.#program.first), 'the first build')
    const { api, prefix, around } = this.#ground
    const { reading } = this.#program
    this.#reader = await api.SnapshotReader.open({ prefix, ...around, ...reading })
    this.#open = this.#current
  }

  async end(): Promise<void> {
    for (const { scan } of this.#scans.values()) await scan.return()
    await this.#reader?.close()
  }

  async step(step: Step): Promise<void> {
    const reader = this.#reader!
    switch (step.kind) {
      case 'get': {
        this.#isValue(step.key, await this.#spoiling(reader.get(...this.#ask(step.key))))
        break
      }
      case 'gets':
        return this.#gets(step.keys)
      case 'getMany':
        return this.#getMany(step.keys)
      case 'abort':
        return this.#abort(step.key, step.isLate)
      case 'scan':
        return this.#begin(step)
      case 'take':
        return this.#take(step.scan, step.entries)
      case 'takeChunk':
        return this.#takeChunk(step.scan)
      case 'leave': {
        const open = this.#scans.get(step.scan)
        this.#scans.delete(step.scan)
        await open?.scan.return()
        break
      }
      case 'facts': {
        const info = reader.info()
        assert.deepEqual(
          [info.shards, info.keyEncoding, info.fellBack],
          [this.#open.shards, this.#program.keyEncoding, false],
        )
        assert.equal(reader.health().status, 'healthy')
        break
      }
      case 'refresh': {
        const moved = await reader.refresh()
        assert.equal(moved, this.#current !== this.#open)
        this.#open = this.#current
        break
      }
      case 'build':
        return this.#build(step)
    }
  }

  async #gets(numbers: readonly number[]): Promise<void> {
    const gets = numbers.map((n) => this.#spoiling(this.#reader!.get(...this.#ask(n))))
    for (const [i, value] of (await Promise.all(gets)).entries()) this.#isValue(numbers[i]!, value)
  }

  async #getMany(numbers: readonly number[]): Promise<void> {
    // A context decides for all keys of a batch.
    const { sharding } = this.#program
    const asked =
      sharding === 'region' ? numbers.filter((n) => regionOf(n) === regionOf(numbers[0]!)) : numbers
    const keys = asked.map((n) => this.#key(n))
    const options = asked.length === 0 ? {} : { context: this.#context(asked[0]!) }
    const values = await this.#spoiling(this.#reader!.getMany(keys, options), keys)
    assert.equal(values.length, asked.length)
    for (const [i, value] of values.entries()) this.#isValue(asked[i]!, value)
  }

  /** A signal that was aborted before the call, or while it is under way: its reason, or the right answer. */
  async #abort(n: number, isLate: boolean): Promise<void> {
    const abort = new AbortController()
    if (!isLate) abort.abort()
    const [key, options] = this.#ask(n)
    const call = this.#spoiling(this.#reader!.get(key, { ...options, signal: abort.signal }))
    abort.abort()
    try {
      this.#isValue(n, await call)
      assert.ok(isLate, 'a signal that is aborted already must end the call')
    } catch (error) {
      if ((error as Error).name !== 'AbortError') throw error
    }
  }

  async #begin(step: ScanStep): Promise<void> {
    const { start, end, prefix, ordered, reverse, limit, chunkSize } = step
    await this.#scans.get(step.scan)?.scan.return()
    const stored = (n: number): Uint8Array => storedKey(n, this.#program.keyEncoding)
    const range = {
      ...(start !== undefined && { start: this.#key(start) }),
      ...(end !== undefined && { end: this.#key(end) }),
      ...(prefix !== undefined && { prefix: this.#lend(stored(prefix[0]).subarray(0, prefix[1])) }),
    }
    const scan = this.#reader!.scanIter(range, { ordered, reverse, limit, chunkSize })
    this.#spoil()
    const expected = this.#open.scan(step, stored)
    const count = Math.min(limit ?? expected.length, expected.length)
    this.#scans.set(step.scan, { scan, step, expected, count, found: [] })
  }

  async #take(slot: number, entries: number): Promise<void> {
    const open = this.#scans.get(slot)
    for (let i = 0; open !== undefined && i < entries; i++) {
      const { done, value } = await open.scan.next()
      if (done === true) return this.#isWhole(open)
      this.#isNext(open, value)
    }
  }

  async #takeChunk(slot: number): Promise<void> {
    const open = this.#scans.get(slot)
    if (open === undefined) return
    const chunk = await open.scan.nextChunk()
    if (chunk === undefined) return this.#isWhole(open)
    assert.ok(chunk.count > 0)
    for (const entry of chunk) this.#isNext(open, entry)
  }

  #isNext(open: OpenScan, [key, value]: readonly [Uint8Array, Uint8Array]): void {
    const { expected, found, step } = open
    const row: ModelRow = [hex(key), hex(value)]
    key.fill(SPOILED)
    value.fill(SPOILED)
    if (step.ordered) assert.deepEqual(row, expected[found.length])
    else {
      assert.ok(!found.some(([k]) => k === row[0]), `${row[0]} came twice`)
      assert.deepEqual(
        row,
        expected.find(([k]) => k === row[0]),
      )
    }
    found.push(row)
    assert.ok(found.length <= open.count, 'more entries than the limit')
  }

  #isWhole({ found, count }: OpenScan): void {
    assert.equal(found.length, count, 'a scan must give all its entries')
  }

  async #build(step: BuildStep): Promise<void> {
    const { api, prefix, around, faults, canWork } = this.#ground
    const { keyEncoding, sharding } = this.#program
    const trouble = faults === undefined && step.trouble !== 'abandon' ? 'none' : step.trouble
    const isShardFault = trouble === 'open' || trouble === 'write' || trouble === 'seal'
    const { maxBatchEntries, maxBatchBytes, maxBufferedBytes } = step
    const options = {
      prefix,
      ...around,
      keyEncoding,
      maxBatchEntries,
      maxBatchBytes,
      maxBufferedBytes,
      sharding: shardingOf(this.#program, step.shards),
      ...(step.workers && canWork && { workers: 1 }),
      ...(isShardFault && {
        retry: { initialBackoffMs: 1 },
        engine: faultyEngine(faults!.engine, { at: trouble }),
      }),
      ...(trouble === 'manifest' && {
        objects: faultyStore(faults!.objects, {
          strikes: ({ operation, url }) => operation === 'put' && url.includes('/manifests/'),
          times: Number.POSITIVE_INFINITY,
        }),
      }),
    } as SnapshotWriterOptions
    const version = this.#builds++
    const rows = step.rows.map(([n, bytes], i) => [n, valueOf(n, version, i, bytes)] as const)
    const writer = await api.SnapshotWriter.open(options)
    try {
      if (step.by === 'putChunk' && sharding === 'hash') {
        const chunk = packEntries(rows.map(([n, v]): Entry => [storedKey(n, keyEncoding), v]))
        this.#lent.push(new Uint8Array(chunk.buffer))
        await this.#spoiling(writer.putChunk(chunk))
      } else {
        for (const [n, value] of rows) {
          const call = writer.put(this.#key(n), this.#lend(value), this.#context(n))
          await this.#spoiling(call)
        }
      }
      if (trouble === 'abandon') return
      if (trouble === 'manifest')
        return void (await rejectsWith('SHARD_PUBLISH', /could not be written/, () =>
          writer.publish(),
        ))
      await writer.publish()
    } finally {
      await writer.close()
    }
    this.#current = new Model(
      rows.map(([n, value]): ModelRow => [hex(storedKey(n, keyEncoding)), hex(value)]),
      step.shards,
    )
  }

  #isValue(n: number, value: Uint8Array | undefined): void {
    const found = value && hex(value)
    // It belongs to the caller.
    value?.fill(SPOILED)
    assert.equal(found, this.#open.get(hex(storedKey(n, this.#program.keyEncoding))), `key ${n}`)
  }

  #ask(n: number): [Key, { context?: RoutingContext | undefined }] {
    return [this.#key(n), { context: this.#context(n) }]
  }

  #key(n: number): Key {
    const key = callerKey(n, this.#program)
    return key instanceof Uint8Array ? this.#lend(key) : key
  }

  #context(n: number): RoutingContext | undefined {
    if (this.#program.sharding !== 'region') return undefined
    return { region: this.#lend(Uint8Array.of(regionOf(n))) }
  }

  #lend(bytes: Uint8Array): Uint8Array {
    const lent = this.#program.isBuffer ? Buffer.from(bytes) : new Uint8Array(bytes)
    this.#lent.push(lent)
    return lent
  }

  /** Takes every lent buffer back, and the list of keys, while the call is under way. */
  #spoiling<T>(call: T, keys?: Key[]): T {
    this.#spoil()
    keys?.fill(Uint8Array.of(SPOILED))
    return call
  }

  #spoil(): void {
    for (const bytes of this.#lent) bytes.fill(SPOILED)
    this.#lent = []
  }
}

function shardingOf({ sharding, keyEncoding }: Program, shards: number) {
  if (sharding === 'hash') return { shards }
  const types = { u64be: 'int', u32be: 'int', utf8: 'string', raw: 'bytes' } as const
  return sharding === 'key'
    ? { cel: `shard_hash(key) % ${shards}u`, columns: { key: types[keyEncoding] }, shards }
    : { cel: `shard_hash(region) % ${shards}u`, columns: { region: 'bytes' as const }, shards }
}

function regionOf(n: number): number {
  return n % 5
}

function valueOf(n: number, version: number, i: number, bytes: number): Uint8Array {
  const value = new Uint8Array(3 + bytes).fill(n)
  value.set([n, version, i])
  return value
}

async function bounded<T>(work: Promise<T>, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`${what} hangs: no end after ${STEP_MS} ms`)),
      STEP_MS,
    )
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
