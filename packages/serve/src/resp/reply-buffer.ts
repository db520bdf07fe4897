const SLAB_BYTES = 256 * 1024
/** Bytes of a part that is copied in a loop. */
const SHORT_BYTES = 256
const CR = 13
const LF = 10

/** The version of the protocol that a connection speaks. */
export type Protocol = 2 | 3

/**
 * Encodes replies into large buffers, one after another; `take` hands out the bytes written since
 * the last one.
 *
 * Handed out bytes are never written again, so a socket may send them later. One is shared by all
 * connections: a connection writes and takes without a wait in between.
 */
export class ReplyBuffer {
  #buffer = Buffer.allocUnsafeSlow(SLAB_BYTES)
  #view = viewOf(this.#buffer)
  #start = 0
  #at = 0

  /** Number of bytes since the last `take`. */
  get size(): number {
    return this.#at - this.#start
  }

  /** Returns the bytes since the last call; `undefined` if there are none. */
  take(): Buffer | undefined {
    if (this.#at === this.#start) return undefined
    const bytes = this.#buffer.subarray(this.#start, this.#at)
    this.#start = this.#at
    return bytes
  }

  /** Appends bytes that are a reply already. */
  raw(bytes: Uint8Array): void {
    const at = this.#reserve(bytes.length)
    this.#buffer.set(bytes, at)
    this.#at = at + bytes.length
  }

  /** Appends bytes `from … to` of a view. */
  rawPart(view: DataView, from: number, to: number): void {
    let at = this.#reserve(to - from)
    this.#at = at + to - from
    if (to - from > SHORT_BYTES) {
      const bytes = new Uint8Array(view.buffer, view.byteOffset + from, to - from)
      this.#buffer.set(bytes, at)
      return
    }
    // For short ones faster than `set`, which needs an object.
    const target = this.#view
    for (; from + 4 <= to; from += 4, at += 4) target.setUint32(at, view.getUint32(from))
    for (; from < to; from++, at++) target.setUint8(at, view.getUint8(from))
  }

  bulk(bytes: Uint8Array): void {
    this.#header(36, bytes.length, bytes.length + 2)
    this.#buffer.set(bytes, this.#at)
    this.#at += bytes.length
    this.#lineEnd()
  }

  bulkText(text: string): void {
    const length = Buffer.byteLength(text)
    this.#header(36, length, length + 2)
    this.#at += this.#buffer.write(text, this.#at)
    this.#lineEnd()
  }

  nil(protocol: Protocol): void {
    this.#text(protocol === 2 ? '$-1\r\n' : '_\r\n')
  }

  /** A missing item of a list of lists. */
  nilArray(protocol: Protocol): void {
    this.#text(protocol === 2 ? '*-1\r\n' : '_\r\n')
  }

  /** Text for people. */
  verbatim(text: string, protocol: Protocol): void {
    if (protocol === 2) return this.bulkText(text)
    const length = Buffer.byteLength(text) + 4
    this.#header(61, length, length + 2)
    this.#at += this.#buffer.write(`txt:${text}`, this.#at)
    this.#lineEnd()
  }

  /** 0 or more, or a small negative number. */
  integer(value: number): void {
    if (value < 0) return this.#text(`:${value}\r\n`)
    this.#header(58, value, 0)
  }

  array(length: number): void {
    this.#header(42, length, 0)
  }

  /** A map of that many pairs; in RESP2 an array. */
  map(length: number, protocol: Protocol): void {
    if (protocol === 2) this.#header(42, 2 * length, 0)
    else this.#header(37, length, 0)
  }

  simple(text: string): void {
    this.#text(`+${text}\r\n`)
  }

  /** `text` starts with a code in capitals: `ERR …`. */
  error(text: string): void {
    // A line end in a message would start another reply.
    this.#text(`-${oneLine(text)}\r\n`)
  }

  #text(text: string): void {
    const at = this.#reserve(3 * text.length)
    this.#at = at + this.#buffer.write(text, at)
  }

  #header(type: number, value: number, more: number): void {
    let at = this.#reserve(24 + more)
    const buffer = this.#buffer
    buffer[at++] = type
    if (value < 10) buffer[at++] = 48 + value
    else {
      let digits = 1
      for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) digits++
      let rest = value
      for (let i = at + digits - 1; i >= at; i--) {
        const next = Math.floor(rest / 10)
        buffer[i] = 48 + rest - 10 * next
        rest = next
      }
      at += digits
    }
    this.#at = at
    this.#lineEnd()
  }

  #lineEnd(): void {
    this.#buffer[this.#at++] = CR
    this.#buffer[this.#at++] = LF
  }

  /** Makes room for `bytes` more, and returns the position. */
  #reserve(bytes: number): number {
    if (this.#at + bytes <= this.#buffer.length) return this.#at
    const size = this.size
    const next = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, 2 * (size + bytes)))
    this.#buffer.copy(next, 0, this.#start, this.#at)
    this.#buffer = next
    this.#view = viewOf(next)
    this.#start = 0
    this.#at = size
    return size
  }
}

function viewOf({ buffer, byteOffset, length }: Buffer): DataView {
  return new DataView(buffer, byteOffset, length)
}

function oneLine(text: string): string {
  return text.replace(/[\r\n]+/g, ' ')
}
