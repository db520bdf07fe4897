import { createServer, type RequestListener, type Server } from 'node:http'
import type { Socket } from 'node:net'
import type { ServeLimits } from '../options.js'

/** Requests of one connection that are not answered, above which the connection ends. */
const MAX_PIPELINED = 64

/**
 * Makes a server that ends long pipelines and, once it closes, each connection after its last reply.
 *
 * Node reads a whole pipeline without pause, so that a client that reads nothing could have the server
 * hold thousands of replies. Node alone also ends connections of a closing server whose reply is
 * written and not yet sent, which cuts it off. It waits for clients that hold a connection open.
 */
export function createHttpServer(
  handler: RequestListener,
  { requestMs, stallMs, idleMs, maxConnections }: ServeLimits,
): Server {
  /** Number of replies of each connection that are not sent. */
  const unsent = new Map<Socket, number>()
  const server = createServer((request, response) => {
    const { socket } = request
    const before = unsent.get(socket)
    // The rest of a pipeline that was too long.
    if (before === undefined || socket.destroyed) return
    if (before === MAX_PIPELINED) {
      socket.destroy()
      return
    }
    unsent.set(socket, before + 1)
    response.once('close', () => {
      const left = unsent.get(socket)
      if (left === undefined) return
      unsent.set(socket, left - 1)
      if (left === 1 && !server.listening) socket.destroySoon()
    })
    handler(request, response)
  })
  server.maxConnections = maxConnections
  server.requestTimeout = requestMs
  server.keepAliveTimeout = idleMs
  server.setTimeout(stallMs)
  server.on('connection', (socket: Socket) => {
    unsent.set(socket, 0)
    socket.once('close', () => unsent.delete(socket))
  })
  // Node and Fastify call it when the server closes.
  server.closeIdleConnections = () => {
    for (const [socket, replies] of unsent) if (replies === 0) socket.destroy()
  }
  return server
}
