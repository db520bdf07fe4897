import { VectorChunkBuilder, type VectorRow } from '@shardyfusion/core/internal'
import type { BridgeHandle } from '../bridge/bridge-handle.js'
import type { CallLimits } from '../bridge/sleep.js'
import type { Listeners } from '../options.js'
import type { VectorMail, VectorPlace } from '../protocol/streams.js'
import { Outbox } from '../write/outbox.js'

const CHUNK_BYTES = 128 * 1024

/** Packs vectors into chunks and moves them to a build in the worker. */
export class VectorStream {
  readonly #outbox: Outbox
  readonly #limits: CallLimits
  #builder: VectorChunkBuilder | undefined
  #places: VectorPlace[] = []

  constructor(handle: BridgeHandle, listeners: Listeners, limits: CallLimits) {
    this.#outbox = new Outbox(handle, listeners)
    this.#limits = limits
  }

  /** Takes a checked vector; waits only when `bufferBytes` are under way. */
  push({ id, vector, payload }: VectorRow, place: VectorPlace): void {
    this.#builder ??= new VectorChunkBuilder(vector.length)
    this.#builder.push(id, vector, payload)
    this.#places.push(place)
    if (this.#builder.bytes >= CHUNK_BYTES) this.flush()
  }

  /** Sends what is packed. */
  flush(): void {
    this.#outbox.throwIfFailed()
    if (this.#builder === undefined || this.#builder.count === 0) return
    const { buffer } = this.#builder.finish()
    const places = this.#places
    this.#places = []
    const mail: VectorMail = { bytes: buffer.byteLength, buffer, places }
    this.#outbox.send(mail, [buffer], this.#limits)
  }
}
