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
    key: ([key]) => key,
    value: ([, value]) => value!,
    deleted: ([, value]) => value === null,
  })
}

// Run as a program only by its parent, which has a channel to it.
if (process.send !== undefined) {
  process.on('message', (job) => {
    void update(job as ChildUpdate).then(
      () => process.send!({ kind: 'published' }),
      (error: unknown) => process.send!({ kind: 'failed', message: String(error) }),
    )
    process.send!({ kind: 'begun' })
  })
  process.send({ kind: 'ready' })
}
