import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { basename } from 'node:path'
import { FileStore, slatedb, SnapshotWriter } from '@shardyfusion/core'
import type { ObjectStore } from '@shardyfusion/core/extend'
import { kindOf } from '../support/failing-store.js'
import { watchedEngine } from '../support/watched-engine.js'

// A process that builds a snapshot and stops at one step, for its parent to kill it there.

/** Steps of a build in their order; `in-…` is between the temporary file and its rename. */
export const STEPS = [
  'opened',
  'first-batch',
  'fifth-batch',
  'first-seal',
  'third-seal',
  'all-sealed',
  'in-manifest',
  'manifest-written',
  'in-pointer',
  'pointer-written',
] as const
export type Step = (typeof STEPS)[number]

export interface CrashJob {
  readonly prefix: string
  readonly runId: string
  readonly rows: number
  /** Begins every value. */
  readonly mark: string
  readonly engine: 'native' | 'wasm'
  /** Where to stop for good; without one the build is finished. */
  readonly stopAt?: Step
}

export const SHARDS = 4

/** The same build in any process: batches of 10, one shard after the other. */
export async function build(
  { prefix, runId, rows, mark, engine: name }: Omit<CrashJob, 'stopAt'>,
  reach: (step: Step) => Promise<void> = async () => {},
): Promise<void> {
  let batches = 0
  let seals = 0
  const engine = watchedEngine(slatedb({ runtime: name === 'native' ? 'native' : 'wasm' }), {
    write: async () => {
      batches++
      if (batches === 1) await reach('first-batch')
      if (batches === 5) await reach('fifth-batch')
    },
    seal: async () => {
      seals++
      if (seals === 1) await reach('first-seal')
      if (seals === 3) await reach('third-seal')
    },
  })
  const writer = await SnapshotWriter.open({
    prefix,
    runId,
    sharding: { shards: SHARDS },
    values: 'utf8',
    maxBatchEntries: 10,
    concurrency: 1,
    engine,
    objects: reportingStore(reach),
  })
  await reach('opened')
  for (let i = 0; i < rows; i++) await writer.put(i, `${mark} ${i}`)
  await writer.publish()
  await writer.close()
}

/** The file store, stopping around the two puts that publish. */
function reportingStore(reach: (step: Step) => Promise<void>): ObjectStore {
  const store = new FileStore()
  const put = store.put.bind(store)
  store.put = async (url, bytes, options) => {
    const kind = kindOf(url)
    // The shards of an engine that writes through this store, and what is noted of them.
    if (kind === 'shard' || kind === 'note') return put(url, bytes, options)
    if (kind === 'manifest') await reach('all-sealed')
    const written = await put(url, bytes, options)
    const pointer = kind === 'pointer'
    await reach(pointer ? 'pointer-written' : 'manifest-written')
    return written
  }
  return store
}

/** Stops the file store between writing its temporary file and giving it its name. */
function reportRenames(reach: (step: Step) => Promise<void>): void {
  const { rename } = fs.promises
  fs.promises.rename = async (from, to) => {
    if (basename(String(to)) === '_CURRENT') await reach('in-pointer')
    if (basename(String(to)) === 'manifest' && kindOf(String(to)) === 'manifest')
      await reach('in-manifest')
    await rename(from, to)
  }
  syncBuiltinESMExports()
}

async function main(job: CrashJob): Promise<void> {
  const reach = async (step: Step): Promise<void> => {
    process.send!(step)
    // For ever: the parent kills this process, at a moment of its own choosing.
    if (step === job.stopAt) await new Promise(() => {})
  }
  reportRenames(reach)
  await build(job, reach)
  process.send!('done')
  process.disconnect()
}

// Run as a program only by its parent, which has a channel to it.
if (process.send !== undefined && process.argv[2] !== undefined) {
  await main(JSON.parse(process.argv[2]) as CrashJob)
}
