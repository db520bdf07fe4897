import type { Server } from 'node:http'
import type { Socket } from 'node:net'

/**
 * Ends the connections of a server that closes, each after its last reply is sent.
 *
 * Node alone ends connections whose reply is written and not yet sent, which cuts it off, and waits
 * for clients that hold a connection open after their reply.
 */
export function endWhenIdle(server: Server): void {
  /** Number of replies that are not sent, for each connection. */
  const running = new Map<Socket, number>()
  server.on('connection', (socket: Socket) => {
    running.set(socket, 0)
    socket.once('close', () => running.delete(socket))
  })
  server.on('request', ({ socket }, response) => {
    running.set(socket, (running.get(socket) ?? 0) + 1)
    response.once('close', () => {
      const left = running.get(socket)
      if (left === undefined) return
      running.set(socket, left - 1)
      if (left === 1 && !server.listening) socket.destroySoon()
    })
  })
  // Node and Fastify call it when the server closes.
  server.closeIdleConnections = () => {
    for (const [socket, replies] of running) if (replies === 0) socket.destroy()
  }
}
