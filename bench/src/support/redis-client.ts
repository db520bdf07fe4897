import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** A connection that counts the bulk replies it gets; for benchmarks, whose replies are all found values. */
export class RedisClient {
  readonly #socket: Socket
  readonly #replyBytes: number
  #received = 0
  #awaited = 0
  #resolve: (() => void) | undefined

  private constructor(socket: Socket, replyBytes: number) {
    this.#socket = socket
    this.#replyBytes = replyBytes
    socket.on('data', (chunk: Buffer) => {
      this.#received += chunk.length
      if (this.#received >= this.#awaited) this.#resolve?.()
    })
  }

  /** `replyBytes` is the length of each reply. */
  static async open(port: number, replyBytes: number): Promise<RedisClient> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    await once(socket, 'connect')
    return new RedisClient(socket, replyBytes)
  }

  /** Sends commands and resolves when that many replies have arrived. */
  send(commands: Buffer, count: number): Promise<void> {
    this.#awaited = this.#received + count * this.#replyBytes
    this.#socket.write(commands)
    return new Promise((resolve) => (this.#resolve = resolve))
  }

  close(): void {
    this.#socket.destroy()
  }
}

/** Encodes a command as an array of bulk strings. */
export function command(...words: (string | Uint8Array)[]): Buffer {
  const parts = words.flatMap((word) => [`$${word.length}\r\n`, word, '\r\n'])
  const all = [`*${words.length}\r\n`, ...parts]
  return Buffer.concat(all.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)))
}
