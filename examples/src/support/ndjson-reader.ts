import { createReadStream } from 'node:fs'
import { addAbortSignal, pipeline, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { userPath } from './command-line.js'
import { Failure } from './program.js'

/** One line of the input: parsed, and its source bytes. */
export interface Row {
  readonly data: unknown
  readonly text: string
}

/** Maximum bytes of a line. A longer line is probably a file without line ends. */
const MAX_LINE_BYTES = 64 * 1024 * 1024
const LINE_FEED = 10

/** Reads rows from a file, a gzip file or stdin, one line at a time, and tracks the line number. */
export class NdjsonReader {
  readonly #file: string
  readonly #stdin: Readable
  readonly #signal: AbortSignal
  readonly #decoder = new TextDecoder('utf-8', { fatal: true })
  #line = 0

  /** `file` may be `-` for stdin. */
  constructor(file: string, stdin: Readable, signal: AbortSignal) {
    this.#file = file
    this.#stdin = stdin
    this.#signal = signal
  }

  /** Shape: skips blank lines; reads at most one chunk of the file ahead. */
  async *rows(): AsyncGenerator<Row> {
    for await (const bytes of this.#lines()) {
      this.#line++
      const row = this.#parse(bytes)
      if (row !== undefined) yield row
    }
  }

  /** An error about the last line read, or about the input if no line was read. */
  failure(problem: string, cause?: unknown): Failure {
    const name = this.#file === '-' ? 'stdin' : this.#file
    const place = this.#line === 0 ? name : `${name}:${this.#line}`
    return new Failure(`${place}: ${problem}`, { cause })
  }

  #parse(bytes: Uint8Array): Row | undefined {
    let text: string
    try {
      text = this.#decoder.decode(bytes).trim()
    } catch (cause) {
      throw this.failure('the line is not UTF-8', cause)
    }
    if (text === '') return undefined
    try {
      return { text, data: JSON.parse(text) as unknown }
    } catch (cause) {
      throw this.failure(`the line is not JSON: ${(cause as Error).message}`, cause)
    }
  }

  // Split bytes before decoding, because the end of a chunk may split a character but never a line feed.
  async *#lines(): AsyncGenerator<Uint8Array> {
    let parts: Buffer[] = []
    let bytes = 0
    for await (const chunk of this.#chunks()) {
      let start = 0
      for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
        yield Buffer.concat([...parts, chunk.subarray(start, end)])
        parts = []
        bytes = 0
        start = end + 1
      }
      parts.push(chunk.subarray(start))
      bytes += chunk.length - start
      if (bytes > MAX_LINE_BYTES) {
        this.#line++
        throw this.failure(`the line must have at most ${MAX_LINE_BYTES} bytes, got more`)
      }
    }
    if (bytes > 0) yield Buffer.concat(parts)
  }

  async *#chunks(): AsyncGenerator<Buffer> {
    try {
      yield* this.#open() as AsyncIterable<Buffer>
    } catch (cause) {
      this.#signal.throwIfAborted()
      throw this.failure(`reading failed: ${(cause as Error).message}`, cause)
    }
  }

  #open(): Readable {
    const source = this.#file === '-' ? this.#stdin : createReadStream(userPath(this.#file))
    addAbortSignal(this.#signal, source)
    // The callback is not needed: the output stream reports the errors of both streams.
    return this.#file.endsWith('.gz') ? pipeline(source, createGunzip(), () => {}) : source
  }
}
