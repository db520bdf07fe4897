import * as fc from 'fast-check'
import type { KeyEncoding } from '@shardyfusion/core'

/** One step of a program; keys and scans are given by small numbers, so that steps meet. */
export type Step =
  | { readonly kind: 'get'; readonly key: number }
  | { readonly kind: 'getMany'; readonly keys: readonly number[] }
  /** Lookups at the same time, all with one buffer. */
  | { readonly kind: 'gets'; readonly keys: readonly number[] }
  | { readonly kind: 'abort'; readonly key: number; readonly isLate: boolean }
  | ScanStep
  | { readonly kind: 'take'; readonly scan: number; readonly entries: number }
  | { readonly kind: 'takeChunk'; readonly scan: number }
  | { readonly kind: 'leave'; readonly scan: number }
  | { readonly kind: 'facts' }
  | { readonly kind: 'refresh' }
  | BuildStep

export interface ScanStep {
  readonly kind: 'scan'
  readonly scan: number
  readonly start: number | undefined
  readonly end: number | undefined
  /** A key, of whose first bytes so many are the prefix. */
  readonly prefix: readonly [key: number, bytes: number] | undefined
  readonly ordered: boolean
  readonly reverse: boolean
  readonly limit: number | undefined
  readonly chunkSize: number | undefined
}

export interface BuildStep {
  readonly kind: 'build'
  readonly rows: readonly (readonly [key: number, bytes: number])[]
  readonly by: 'put' | 'putChunk'
  readonly shards: number
  readonly maxBatchEntries: number
  readonly maxBatchBytes: number
  readonly maxBufferedBytes: number
  readonly workers: boolean
  /** What goes wrong, where faults can be injected: a shard, once; the manifest, for good; or the caller gives up. */
  readonly trouble: 'none' | 'open' | 'write' | 'seal' | 'manifest' | 'abandon'
}

export interface Program {
  readonly keyEncoding: KeyEncoding
  /** By hash, by a CEL expression of the key, or by one of another column. */
  readonly sharding: 'hash' | 'key' | 'region'
  readonly reading: {
    readonly maxOpenShards: number
    readonly concurrency: number
    readonly valueCacheBytes: number
    readonly iteratorChunkSize: number
  }
  readonly isBuffer: boolean
  readonly first: BuildStep
  readonly steps: readonly Step[]
}

/** Keys of a program. */
const KEYS = 60
const SCANS = 4

const key = fc.nat(KEYS - 1)
const keys = fc.array(key, { maxLength: 12 })
const scanSlot = fc.nat(SCANS - 1)
const option = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined })
const kind = <K extends string>(name: K): fc.Arbitrary<K> => fc.constant(name)

const buildWith = (trouble: fc.Arbitrary<BuildStep['trouble']>): fc.Arbitrary<BuildStep> =>
  fc.record({
    kind: kind('build'),
    rows: fc.array(fc.tuple(key, fc.oneof(fc.nat(20), fc.constant(3000))), {
      minLength: 1,
      maxLength: 90,
      size: 'max',
    }),
    by: fc.constantFrom('put', 'putChunk'),
    shards: fc.integer({ min: 1, max: 6 }),
    maxBatchEntries: fc.integer({ min: 1, max: 40 }),
    maxBatchBytes: fc.integer({ min: 1, max: 4000 }),
    maxBufferedBytes: fc.integer({ min: 1, max: 4000 }),
    workers: fc.nat(11).map((n) => n === 0),
    trouble,
  })
const build = buildWith(
  fc.constantFrom('none', 'none', 'none', 'open', 'write', 'seal', 'manifest', 'abandon'),
)

const scan: fc.Arbitrary<ScanStep> = fc.record({
  kind: kind('scan'),
  scan: scanSlot,
  start: option(key),
  end: option(key),
  prefix: option(fc.tuple(key, fc.nat(3))),
  ordered: fc.boolean(),
  reverse: fc.boolean(),
  limit: option(fc.nat(40)),
  chunkSize: option(fc.integer({ min: 1, max: 20 })),
})

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 180, arbitrary: fc.record({ kind: kind('get'), key }) },
  { weight: 24, arbitrary: fc.record({ kind: kind('getMany'), keys }) },
  { weight: 18, arbitrary: fc.record({ kind: kind('gets'), keys }) },
  { weight: 9, arbitrary: fc.record({ kind: kind('abort'), key, isLate: fc.boolean() }) },
  { weight: 24, arbitrary: scan },
  {
    weight: 42,
    arbitrary: fc.record({ kind: kind('take'), scan: scanSlot, entries: fc.nat(12) }),
  },
  { weight: 24, arbitrary: fc.record({ kind: kind('takeChunk'), scan: scanSlot }) },
  { weight: 6, arbitrary: fc.record({ kind: kind('leave'), scan: scanSlot }) },
  { weight: 3, arbitrary: fc.record({ kind: kind('facts') }) },
  { weight: 4, arbitrary: fc.record({ kind: kind('refresh') }) },
  { weight: 2, arbitrary: build },
)

export const program = (maxSteps: number): fc.Arbitrary<Program> =>
  fc.record({
    keyEncoding: fc.constantFrom('u64be', 'u32be', 'utf8', 'raw'),
    sharding: fc.constantFrom('hash', 'key', 'region'),
    reading: fc.record({
      maxOpenShards: fc.integer({ min: 1, max: 4 }),
      concurrency: fc.integer({ min: 1, max: 4 }),
      valueCacheBytes: fc.constantFrom(0, 3000, 1 << 20),
      iteratorChunkSize: fc.integer({ min: 1, max: 30 }),
    }),
    isBuffer: fc.boolean(),
    first: buildWith(fc.constant('none')),
    steps: fc.array(step, { maxLength: maxSteps, size: 'max' }),
  })
