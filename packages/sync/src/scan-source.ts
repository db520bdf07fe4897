import { EntryChunk } from '@shardyfusion/core/internal'
import { decodeError } from './protocol/wire-error.js'
import { SDK_ERRORS } from './bridge/bridge-error.js'
import type { CallLimits } from './bridge/sleep.js'
import type { CoreBridge } from './bridge/current-bridge.js'
import type { ScanCredit, ScanMail, WireChunk } from './protocol/streams.js'

/** Chunks of a scan in the worker, which reads ahead by up to `bufferBytes` once a second chunk is asked for. */
export class ScanSource {
  readonly #bridge: CoreBridge
  readonly #id: number
  readonly #bufferBytes: number
  readonly #inbox: ScanMail[] = []
  /** Bytes the worker may still post, as far as this side knows. */
  #credit = 0
  #chunks = 0

  constructor(bridge: CoreBridge, id: number, bufferBytes: number) {
    this.#bridge = bridge
    this.#id = id
    this.#bufferBytes = bufferBytes
    const inbox = this.#inbox
    bridge.listen(id, (mail) => inbox.push(mail as ScanMail))
  }

  /** The next chunk; `undefined` at the end. Errors: what ended the scan, those of the bridge. */
  nextChunk(limits: CallLimits): EntryChunk | undefined {
    // A caller that wants one entry gets one chunk; who comes back will come again.
    const wanted = this.#chunks++ === 0 ? 1 : this.#bufferBytes
    if (this.#credit < wanted / 2) {
      const credit = wanted - this.#credit
      this.#credit += credit
      this.#bridge.post(this.#id, { credit } satisfies ScanCredit)
    }
    const inbox = this.#inbox
    if (inbox.length === 0) this.#bridge.waitFor(() => inbox.length > 0, limits)
    const mail = inbox.shift()!
    if ('end' in mail) return undefined
    if ('error' in mail) throw decodeError(mail.error, SDK_ERRORS)
    this.#credit -= mail.buffer.byteLength
    return unpack(mail)
  }
}

function unpack({ buffer, count, dataOffset, dataBytes }: WireChunk): EntryChunk {
  return EntryChunk.trusted(buffer, count, dataOffset, dataBytes)
}
