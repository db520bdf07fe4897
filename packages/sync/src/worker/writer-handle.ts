import type { ShardWriter, SnapshotUpdater, SnapshotWriter } from '@shardyfusion/core'
import type { Openable } from './handles.js'
import type { PutMail } from '../protocol/streams.js'
import type { PutQueue } from './put-queue.js'

/** A writer of core with what waits to be put. */
export class WriterHandle<
  W extends ShardWriter | SnapshotWriter | SnapshotUpdater,
> implements Openable {
  readonly #writer: W
  readonly #queue: PutQueue<PutMail>
  readonly #stop: AbortController

  /** `stop` ends the whole build of the writer. */
  constructor(writer: W, queue: PutQueue<PutMail>, stop: AbortController) {
    this.#writer = writer
    this.#queue = queue
    this.#stop = stop
  }

  /** The writer, with everything put that was pushed before; `signal` ends the build. */
  async drained(signal: AbortSignal): Promise<W> {
    this.stopWith(signal)
    await this.#queue.drained()
    return this.#writer
  }

  stopWith(signal: AbortSignal): void {
    signal.addEventListener('abort', () => this.#stop.abort(signal.reason), { once: true })
  }

  async close(reason?: unknown): Promise<void> {
    // Running puts must end before the writer removes the objects of an unpublished build.
    this.#stop.abort()
    await this.#queue.stop()
    // Only a build and an update have a run record for the reason.
    if ('publish' in this.#writer) await this.#writer.close(reason)
    else await this.#writer.close()
  }
}
