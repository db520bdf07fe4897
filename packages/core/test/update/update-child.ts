import { tracingChannel } from 'node:diagnostics_channel'
import { updateSnapshot, type UpdatedSnapshot } from '@shardyfusion/core'

// A process that makes the updates its parent sends it; the parent may kill it at any moment.

export interface ChildUpdate {
  readonly prefix: string
  readonly runId: string
  readonly changes: readonly (readonly [key: number, value: string | null])[]
  readonly resume: boolean
}

/** The same update in any process. */
export function update({ changes, ...options }: ChildUpdate): Promise<UpdatedSnapshot> {
  return updateSnapshot(changes, {
    ...options,
    values: 'utf8',
    engine: 'wasm',
    // One shard after the other: a kill then finds some that are sealed, and some that are not.
    concurrency: 1,
    key: ([key]) => key,
    value: ([, value]) => value!,
    deleted: ([, value]) => value === null,
  })
}

// Run as a program only by its parent, which has a channel to it.
if (process.send !== undefined) {
  const nothing = (): void => {}
  tracingChannel('shardyfusion:shard-write').subscribe({
    start: nothing,
    end: nothing,
    asyncStart: nothing,
    asyncEnd: () => process.send!({ kind: 'sealed' }),
    error: nothing,
  })
  process.on('message', (job) => {
    void update(job as ChildUpdate).then(
      () => process.send!({ kind: 'published' }),
      (error: unknown) => process.send!({ kind: 'failed', message: String(error) }),
    )
    process.send!({ kind: 'begun' })
  })
  process.send({ kind: 'ready' })
}
