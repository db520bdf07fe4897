import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { TestContext } from 'node:test'

/** A socket that sends bytes as they are and waits for text. */
export class RawClient {
  readonly socket: Socket
  #text = ''
  #isClosed = false
  #wake: (() => void) | undefined

  private constructor(socket: Socket) {
    this.socket = socket
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => {
      this.#text += text
      this.#wake?.()
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#isClosed = true
      this.#wake?.()
    })
  }

  static async open(t: TestContext, port: number): Promise<RawClient> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    t.after(() => socket.destroy())
    await once(socket, 'connect')
    return new RawClient(socket)
  }

  send(bytes: string | Uint8Array): void {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
  }

  /** Returns the next `length` characters; fewer if the connection ends. */
  async read(length: number): Promise<string> {
    while (this.#text.length < length && !this.#isClosed)
      await new Promise<void>((resolve) => (this.#wake = resolve))
    const text = this.#text.slice(0, length)
    this.#text = this.#text.slice(length)
    return text
  }

  /** Returns everything up to the end of the connection. */
  async rest(): Promise<string> {
    while (!this.#isClosed) await new Promise<void>((resolve) => (this.#wake = resolve))
    const text = this.#text
    this.#text = ''
    return text
  }

  /** Sends bytes and checks nothing but the length: returns as many characters as `expected` has. */
  async ask(bytes: string | Uint8Array, expected: string): Promise<string> {
    this.send(bytes)
    return this.read(expected.length)
  }
}

/** Encodes a command as an array of bulk strings. */
export function command(...words: (string | Uint8Array)[]): Buffer {
  const parts = words.flatMap((word) => {
    const bytes = typeof word === 'string' ? Buffer.from(word) : word
    return [Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n')]
  })
  return Buffer.concat([Buffer.from(`*${words.length}\r\n`), ...parts])
}
