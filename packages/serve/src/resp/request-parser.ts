const CR = 13
const LF = 10
const STAR = 42
const DOLLAR = 36
const SPACE = 32
const MINUS = 45
const ZERO = 48
const NOTHING = Buffer.alloc(0)
/** Maximum length of `*3` or `$16` with its line end. */
const MAX_HEADER_BYTES = 32
/** Maximum length of an inline command, as in Redis. */
const MAX_INLINE_BYTES = 64 * 1024
/** A buffer above this is not held while a connection is idle. */
const SMALL_BYTES = 64 * 1024
/** Neither are positions of more words. */
const MANY_WORDS = 1024

/** Limits of one command. */
export interface RequestLimits {
  /** Bytes of a command. */
  readonly requestBytes: number
  /** Words of a command: its name and its arguments. */
  readonly words: number
  /** Bytes of one word. */
  readonly wordBytes: number
}

/** The bytes are not a command; the connection must end. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError'
}

/**
 * Splits the bytes of a connection into commands, each a list of words.
 *
 * Shape: after `next()` returned true, word `i` is `buffer[starts[i] … ends[i])`, until `push`. A
 * command that is not complete continues where it stopped: no byte is parsed twice. Errors:
 * ProtocolError for bytes that are not RESP, or exceed a limit. Source: Redis serialization
 * protocol, arrays of bulk strings and inline commands.
 */
export class RequestParser {
  buffer: Buffer = NOTHING
  /** Number of words of the command. */
  words = 0
  readonly starts: number[] = []
  readonly ends: number[] = []
  limits: RequestLimits
  #end = 0
  /** Start of the current command. */
  #start = 0
  /** Position up to which it is parsed. */
  #at = 0
  /** Number of words of the command; -1 if its header is not read. */
  #expected = -1
  /** Length of the word that is being read; -1 if its header is not read. */
  #length = -1
  /** Bytes of an inline command that have no line end. */
  #searched = 0
  #isOwn = false

  constructor(limits: RequestLimits) {
    this.limits = limits
  }

  /** True if a part of a command has arrived. */
  get isInside(): boolean {
    return this.#start < this.#end
  }

  /** Adds bytes, which must not change until the next call. */
  push(chunk: Buffer): void {
    const left = this.#end - this.#start
    if (left === 0) {
      this.buffer = chunk
      this.#isOwn = false
      this.#start = this.#at = 0
      this.#end = chunk.length
      return
    }
    const needed = left + chunk.length
    if (!this.#isOwn || this.#end + chunk.length > this.buffer.length) {
      // Twice the size, so that a command in many small parts is copied a bounded number of times.
      const target =
        this.#isOwn && needed <= this.buffer.length / 2
          ? this.buffer
          : Buffer.allocUnsafe(Math.max(1024, 2 * needed))
      this.buffer.copy(target, 0, this.#start, this.#end)
      const moved = this.#start
      for (let i = 0; i < this.words; i++) {
        this.starts[i]! -= moved
        this.ends[i]! -= moved
      }
      this.buffer = target
      this.#isOwn = true
      this.#at -= moved
      this.#start = 0
      this.#end = left
    }
    chunk.copy(this.buffer, this.#end)
    this.#end += chunk.length
  }

  /** Reads the next command; false if it is not complete. Errors: ProtocolError. */
  next(): boolean {
    for (;;) {
      if (this.#expected < 0) {
        this.#start = this.#at
        this.words = 0
        if (this.#at === this.#end) {
          this.#release()
          return false
        }
        if (this.buffer[this.#at] !== STAR) {
          if (!this.#inline()) return false
          // An empty line is not a command.
          if (this.words === 0) continue
          return true
        }
        const count = this.#header('multibulk')
        if (count === undefined) return false
        if (count > this.limits.words) throw new ProtocolError('invalid multibulk length')
        // Redis ignores empty commands.
        if (count <= 0) continue
        this.#expected = count
      }
      while (this.words < this.#expected) if (!this.#word()) return false
      this.#expected = -1
      return true
    }
  }

  #word(): boolean {
    if (this.#length < 0) {
      if (this.#at === this.#end) return false
      const first = this.buffer[this.#at]!
      if (first !== DOLLAR) {
        const shown = first > 32 && first < 127 ? String.fromCharCode(first) : `\\x${hex(first)}`
        throw new ProtocolError(`expected '$', got '${shown}'`)
      }
      const length = this.#header('bulk')
      if (length === undefined) return false
      if (length < 0 || length > this.limits.wordBytes)
        throw new ProtocolError('invalid bulk length')
      if (this.#at - this.#start + length > this.limits.requestBytes)
        throw new ProtocolError('too big command')
      this.#length = length
    }
    const end = this.#at + this.#length
    if (end + 2 > this.#end) return false
    if (this.buffer[end] !== CR || this.buffer[end + 1] !== LF)
      throw new ProtocolError('expected CRLF after a bulk string')
    this.starts[this.words] = this.#at
    this.ends[this.words] = end
    this.words++
    this.#at = end + 2
    this.#length = -1
    return true
  }

  /** Reads the number of `*3\r\n` or `$16\r\n`; `undefined` if the line is not complete. */
  #header(what: string): number | undefined {
    const { buffer } = this
    const end = this.#end
    let at = this.#at + 1
    const isNegative = at < end && buffer[at] === MINUS
    if (isNegative) at++
    const first = at
    let value = 0
    for (; at < end; at++) {
      const digit = buffer[at]! - ZERO
      if (digit < 0 || digit > 9) break
      value = value * 10 + digit
      if (at - first > 15) throw new ProtocolError(`invalid ${what} length`)
    }
    if (at < end && (buffer[at] !== CR || at === first))
      throw new ProtocolError(`invalid ${what} length`)
    if (at + 1 >= end) {
      if (end - this.#at > MAX_HEADER_BYTES) throw new ProtocolError(`too big ${what} count string`)
      return undefined
    }
    if (buffer[at + 1] !== LF) throw new ProtocolError(`invalid ${what} length`)
    this.#at = at + 2
    return isNegative ? -value : value
  }

  /** Reads a command that a person typed, words between spaces; false if the line is not complete. */
  #inline(): boolean {
    const { buffer } = this
    const limit = Math.min(MAX_INLINE_BYTES, this.limits.requestBytes)
    const at = buffer.subarray(0, this.#end).indexOf(LF, this.#at + this.#searched)
    if (at < 0) {
      this.#searched = this.#end - this.#at
      if (this.#end - this.#at > limit) throw new ProtocolError('too big inline request')
      return false
    }
    if (at - this.#at > limit) throw new ProtocolError('too big inline request')
    const end = at > this.#at && buffer[at - 1] === CR ? at - 1 : at
    let from = this.#at
    this.#at = at + 1
    this.#searched = 0
    while (from < end) {
      while (from < end && buffer[from]! <= SPACE) from++
      let to = from
      while (to < end && buffer[to]! > SPACE) to++
      if (to === from) break
      if (this.words >= this.limits.words) throw new ProtocolError('too many words')
      this.starts[this.words] = from
      this.ends[this.words] = to
      this.words++
      from = to
    }
    return true
  }

  #release(): void {
    if (!this.#isOwn || this.buffer.length > SMALL_BYTES) {
      this.buffer = NOTHING
      this.#isOwn = false
    }
    this.#start = this.#at = this.#end = 0
    if (this.starts.length > MANY_WORDS) this.starts.length = this.ends.length = 0
  }
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0')
}
