import { isShardyfusionError, type PublishedSnapshot, writeSnapshot } from '@shardyfusion/core'
import type { S3Options } from '#dist/store/s3/connect/s3-options.js'

// A process that does the builds its parent sends it, one after the other; the parent may kill it at any moment.

export interface ChildBuild {
  readonly prefix: string
  readonly runId: string
  readonly rows: number
  readonly shards: number
  /** Begins every value. */
  readonly mark: string
  readonly resume: boolean
  readonly s3?: S3Options
}

export type ChildReport =
  | { readonly kind: 'ready' }
  | { readonly kind: 'begun' }
  | {
      readonly kind: 'published'
      readonly published: Pick<PublishedSnapshot, 'runId' | 'manifestRef' | 'shardsResumed'>
    }
  | { readonly kind: 'failed'; readonly code: string | undefined; readonly message: string }

export function rowsOf({ rows, mark }: Pick<ChildBuild, 'rows' | 'mark'>): [number, string][] {
  return Array.from({ length: rows }, (_, i) => [i, `${mark} ${i}`])
}

/** The same build in any process. */
export function build(o: ChildBuild, begun: () => void = () => {}): Promise<PublishedSnapshot> {
  let told = false
  return writeSnapshot(rowsOf(o), {
    prefix: o.prefix,
    runId: o.runId,
    resume: o.resume,
    sharding: { shards: o.shards },
    values: 'utf8',
    engine: 'wasm',
    maxBatchEntries: 10,
    concurrency: 2,
    retry: { initialBackoffMs: 10 },
    s3: o.s3,
    key: ([key]) => {
      if (!told) begun()
      told = true
      return key
    },
    value: ([, value]) => value,
  })
}

async function serve(job: ChildBuild): Promise<ChildReport> {
  try {
    const { runId, manifestRef, shardsResumed } = await build(job, () => send({ kind: 'begun' }))
    return { kind: 'published', published: { runId, manifestRef, shardsResumed } }
  } catch (error) {
    const code = isShardyfusionError(error) ? error.code : undefined
    return { kind: 'failed', code, message: error instanceof Error ? error.message : String(error) }
  }
}

function send(report: ChildReport): void {
  process.send!(report)
}

// Run as a program only by its parent, which has a channel to it.
if (process.send !== undefined) {
  process.on('message', (job) => void serve(job as ChildBuild).then(send))
  send({ kind: 'ready' })
}
