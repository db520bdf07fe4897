import { decodeError, EntryChunk } from '@shardyfusion/core/internal'
import type { CallLimits } from '../bridge/sleep.js'
import type { CoreBridge } from '../bridge/current-bridge.js'
import { liveScans, type Parkable } from './live-scans.js'
import type { ScanCredit, ScanMail, ScanParking, WireChunk } from '../protocol/streams.js'

/** Chunks of a scan in the worker, which reads ahead by up to `bufferBytes` once a second chunk is asked for. */
export class ScanSource implements Parkable {
  readonly #bridge: CoreBridge
  readonly #id: number
  readonly #bufferBytes: number
  #inbox: ScanMail[] = []
  /** Bytes the worker may still post. */
  #credit = 0
  /** Times it was parked: mail of earlier parts is dropped. */
  #part = 0
  #isParked = false
  #chunks = 0
  #entries = 0
  #lastKey: Uint8Array | undefined

  constructor(bridge: CoreBridge, id: number, bufferBytes: number) {
    this.#bridge = bridge
    this.#id = id
    this.#bufferBytes = bufferBytes
    bridge.listen(id, (mail) => {
      if ((mail as ScanMail).part === this.#part) this.#inbox.push(mail as ScanMail)
    })
  }

  /** The next chunk; `undefined` at the end. Errors: what ended the scan, those of the bridge. */
  nextChunk(limits: CallLimits): EntryChunk | undefined {
    liveScans(this.#bridge).touch(this.#id, this)
    // The first call asks for one chunk; later calls read ahead.
    const isFirst = this.#chunks === 0 || this.#isParked
    this.#isParked = false
    const wanted = isFirst ? 1 : this.#bufferBytes
    if (this.#credit < wanted / 2) {
      const credit = wanted - this.#credit
      this.#credit += credit
      this.#bridge.post(this.#id, { credit } satisfies ScanCredit)
    }
    if (this.#inbox.length === 0) this.#bridge.waitFor(() => this.#inbox.length > 0, limits)
    const mail = this.#inbox.shift()!
    if ('end' in mail) return undefined
    if ('error' in mail) throw decodeError(mail.error)
    this.#credit -= mail.buffer.byteLength
    const chunk = unpack(mail)
    this.#chunks++
    this.#entries += chunk.count
    // A copy: the chunk's buffer will be the caller's.
    this.#lastKey = new Uint8Array(chunk.key(chunk.count - 1))
    return chunk
  }

  /** Gives back what waits here and what the scan holds in the worker. */
  park(): void {
    this.#part++
    this.#isParked = true
    this.#credit = 0
    this.#inbox = []
    if (!this.#bridge.usable) return
    const park = { chunks: this.#chunks, entries: this.#entries, key: this.#lastKey }
    this.#bridge.post(this.#id, { park } satisfies ScanParking)
  }

  close(): void {
    liveScans(this.#bridge).forget(this.#id)
    this.#inbox = []
  }
}

function unpack({ buffer, count, dataOffset, dataBytes }: WireChunk): EntryChunk {
  return EntryChunk.trusted(buffer, count, dataOffset, dataBytes)
}
