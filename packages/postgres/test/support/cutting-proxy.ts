import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** The moment at which a connection ends: before a statement arrives, or before its answer does. */
export type Cut = 'before the statement' | 'before the answer'

/** A proxy of PostgreSQL that ends connections at a given statement. */
export interface CuttingProxy {
  readonly port: number
  /** Number of statements since the last `cutAt`. */
  readonly statements: number
  /** Ends the connection at statement `n`, counted from 1 over all connections. */
  cutAt(n: number, cut: Cut): void
  stop(): Promise<void>
}

const QUERY = 'Q'.charCodeAt(0)
const PARSE = 'P'.charCodeAt(0)

/** Starts a proxy of a server on 127.0.0.1. */
export async function startCuttingProxy(target: number): Promise<CuttingProxy> {
  let statements = 0
  let cutAt = 0
  let cut: Cut = 'before the statement'
  const sockets = new Set<Socket>()

  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1')
    let isCut = false
    let pending = Buffer.alloc(0)
    let isStarted = false
    const end = (): void => {
      client.destroy()
      upstream.destroy()
    }
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', end)
      socket.on('close', () => {
        sockets.delete(socket)
        end()
      })
    }
    upstream.on('data', (bytes) => (isCut ? end() : client.write(bytes)))
    client.on('data', (bytes) => {
      pending = Buffer.concat([pending, bytes])
      while (pending.length >= 5) {
        // The first message of a connection has no type.
        const length = isStarted ? 1 + pending.readUInt32BE(1) : pending.readUInt32BE(0)
        if (pending.length < length) break
        const type = isStarted ? pending[0] : undefined
        isStarted = true
        pending = pending.subarray(length)
        if (type !== QUERY && type !== PARSE) continue
        if (++statements !== cutAt) continue
        if (cut === 'before the statement') return end()
        isCut = true
      }
      upstream.write(bytes)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    get statements() {
      return statements
    },
    cutAt(n, moment) {
      statements = 0
      cutAt = n
      cut = moment
    },
    async stop() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
