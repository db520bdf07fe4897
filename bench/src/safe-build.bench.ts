// How much time do the safeguards of a build add: a copy of the rows for retries, a digest to resume, a rate limit?
import type { ShardEngine } from '@shardyfusion/core/extend'
import { SnapshotWriter, type SnapshotWriterOptions } from '@shardyfusion/core'
import { compare } from './support/compare.js'
import { valueOf } from './support/rows.js'
import { SHORT } from './support/short.js'

const ROWS = SHORT ? 5_000 : 500_000
const values = Array.from({ length: 1024 }, (_, i) => valueOf(i))

let entries = 0

/** Accepts all entries and stores none, so that only routing, packing and the safeguards are measured. */
const nowhere: ShardEngine = {
  name: 'nowhere',
  format: 'nowhere',
  supports: { io: 'objects' },
  openReader: () => Promise.reject(new Error('this engine stores nothing to read')),
  openWriter: () =>
    Promise.resolve({
      write: async (chunk) => {
        entries += chunk.count
      },
      flush: async () => {},
      seal: async () => {},
      bytes: async () => 0,
      close: async () => {},
    }),
}

let builds = 0

async function build(options: Partial<SnapshotWriterOptions>): Promise<void> {
  const prefix = `memory://safe-build/${builds++}`
  const writer = await SnapshotWriter.open({
    prefix,
    sharding: { shards: 8 },
    engine: nowhere,
    ...options,
  })
  for (let i = 0; i < ROWS; i++) {
    const wait = writer.putSync(i, values[i % values.length]!)
    if (wait !== undefined) await wait
  }
  await writer.publish()
  await writer.close()
}

/** Checks that every entry reaches the engine once. */
async function written(options: Partial<SnapshotWriterOptions>): Promise<number> {
  const before = entries
  await build(options)
  return entries - before
}

const contender = (name: string, options: Partial<SnapshotWriterOptions>) => ({
  name,
  run: () => build(options),
  answer: () => written(options),
})

await compare({
  title: `routing and packing ${ROWS} rows of 100 bytes, into no engine`,
  unit: 'row',
  units: ROWS,
  longRounds: 7,
  contenders: [
    contender('no safeguards', {}),
    contender('rateLimit (never reached)', {
      rateLimit: { rowsPerSecond: 1e12, bytesPerSecond: 1e15 },
    }),
    contender('runId: a digest of the rows', { runId: 'given' }),
    contender('retry: a copy of the rows on disk', { retry: {} }),
    contender('runId and retry', { runId: 'given', retry: {} }),
  ],
})
