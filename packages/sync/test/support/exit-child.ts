// Leaves this process with work under way in the worker: `how` it leaves, at what `state`, on which engine.
import {
  ShardReaderSync,
  SnapshotReaderSync,
  SnapshotWriterSync,
  type SnapshotWriterSyncOptions,
} from '@shardyfusion/sync'

const [how, state, engine, prefix] = process.argv.slice(2) as [
  'end' | 'exit' | 'throw',
  string,
  'wasm' | 'native',
  string,
]

/** Leaves calls under way: their caller gives up at once. */
function giveUp(call: () => unknown): void {
  try {
    call()
  } catch (error) {
    if ((error as { code?: string }).code !== 'SHARD_TIMEOUT') throw error
  }
}

const value = new Uint8Array(1000).fill(1)
const building: SnapshotWriterSyncOptions = {
  prefix: `${prefix}/builds/${process.pid}`,
  sharding: { shards: 4 },
  engine,
}

const states: Record<string, () => void> = {
  idle() {
    SnapshotReaderSync.open({ prefix, engine }).get(1)
  },
  gets() {
    const reader = SnapshotReaderSync.open({ prefix, engine, valueCacheBytes: 0 })
    for (let i = 0; i < 20; i++) giveUp(() => reader.get(i * 37, { timeoutMs: 1 }))
    giveUp(() =>
      reader.getMany(
        Array.from({ length: 5000 }, (_, i) => i),
        { timeoutMs: 1 },
      ),
    )
  },
  scan() {
    const reader = SnapshotReaderSync.open({ prefix, engine })
    let seen = 0
    // Far enough for the worker to read ahead.
    for (const entry of reader.scanIter({}, { chunkSize: 100 })) if (entry && ++seen === 250) break
    const scan = reader.scanIter({}, { chunkSize: 100 })
    for (let i = 0; i < 350; i++) scan.next()
  },
  write() {
    const writer = SnapshotWriterSync.open(building)
    for (let i = 0; i < 3000; i++) writer.put(i, value)
  },
  publish() {
    const writer = SnapshotWriterSync.open(building)
    for (let i = 0; i < 3000; i++) writer.put(i, value)
    giveUp(() => writer.publish({ timeoutMs: 1 }))
  },
  callback() {
    // Out of the middle of a call.
    const onProgress = (): void => process.exit()
    const writer = SnapshotWriterSync.open({ ...building, onProgress })
    for (let i = 0; i < 3000; i++) writer.put(i, value)
    writer.publish()
  },
  opening() {
    giveUp(() => ShardReaderSync.open({ url: `${prefix}/nothing`, engine, timeoutMs: 1 }))
  },
}

process.exitCode = 3
states[state]!()
if (how === 'exit') process.exit(3)
if (how === 'throw') throw new Error('thrown on purpose')
