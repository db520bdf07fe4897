// A worker thread that is itself a caller: counts calls that come back right, until it is told so many.
import { parentPort, workerData } from 'node:worker_threads'
import { SnapshotReaderSync } from '@shardyfusion/sync'

const { prefix, keys } = workerData as { prefix: string; keys: number }
const reader = SnapshotReaderSync.open({ prefix, values: 'utf8', valueCacheBytes: 0 })
let right = 0
for (let key = 0; key < keys; key++) if (reader.get(key) === `value ${key}`) right++
let scanned = 0
for (const entry of reader.scanIter()) if (entry.length === 2) scanned++
reader.close()
parentPort!.postMessage({ right, scanned })
