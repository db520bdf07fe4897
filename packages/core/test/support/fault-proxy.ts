import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

/** What happens to one request. */
export type Fault =
  /** The connection breaks; the server never hears of it. */
  | { readonly kind: 'reset' }
  /** The server does it, but the connection breaks before the answer. */
  | { readonly kind: 'lose-answer' }
  /** Answered so; the server never hears of it. */
  | {
      readonly kind: 'answer'
      readonly status: number
      readonly body?: string
      readonly headers?: Record<string, string>
    }
  /** The body ends half-way, and the connection with it. */
  | { readonly kind: 'truncate' }
  /** The body comes in pieces, `ms` in all. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** No answer ever. */
  | { readonly kind: 'hang' }
  /** Half of the body, and then nothing. */
  | { readonly kind: 'stall' }
  /** A byte of the body every `ms`, the whole of it announced. */
  | { readonly kind: 'dribble'; readonly ms: number }
  /** A captive portal answers `200` with its page; the server never hears of it. */
  | { readonly kind: 'login-page' }
  /** The server does it, and the page comes in place of its answer. */
  | { readonly kind: 'login-page-after' }
  /** The request reaches the server twice; the answer to the second comes. */
  | { readonly kind: 'twice' }
  /** Half of the body, announced as if it were all of it. */
  | { readonly kind: 'halve' }

export interface ProxiedRequest {
  readonly method: string
  /** Path and query, as they came. */
  readonly url: string
  readonly headers: IncomingMessage['headers']
}

export interface FaultProxy {
  readonly endpoint: string
  /** Requests seen, in order. */
  readonly seen: readonly ProxiedRequest[]
  /** Faults done, by kind. */
  readonly done: Readonly<Record<string, number>>
  /** Decides on each request from now on; none means it goes through. */
  decide: (request: ProxiedRequest) => Fault | undefined
  stop(): Promise<void>
}

const SLOW_PIECES = 8
const LOGIN_PAGE =
  '<!DOCTYPE html><html><head><title>Hotel</title></head><body>Log in<br></body></html>'

/** A proxy in front of an S3 server that does to requests what `decide` says. */
export async function startFaultProxy(target: string): Promise<FaultProxy> {
  const sockets = new Set<Socket>()
  const seen: ProxiedRequest[] = []
  const done: Record<string, number> = {}
  const server = createServer((incoming, outgoing) => {
    const { method = 'GET', url = '/', headers } = incoming
    seen.push({ method, url, headers })
    const fault = proxy.decide({ method, url, headers })
    if (fault !== undefined) done[fault.kind] = (done[fault.kind] ?? 0) + 1
    // A client that gives up in the middle is what this is for.
    pass(target, incoming, outgoing, fault).catch(() => outgoing.destroy())
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const proxy: FaultProxy = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    done,
    decide: () => undefined,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
  return proxy
}

async function pass(
  target: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  fault: Fault | undefined,
): Promise<void> {
  const sent = await collect(incoming)
  switch (fault?.kind) {
    case 'reset':
      outgoing.destroy()
      return
    case 'hang':
      return
    case 'login-page':
      answerLoginPage(incoming, outgoing)
      return
    case 'twice':
      await forward(target, incoming, sent)
      break
    case 'answer':
      outgoing.writeHead(fault.status, { 'content-type': 'application/xml', ...fault.headers })
      outgoing.end(incoming.method === 'HEAD' ? undefined : (fault.body ?? ''))
      return
    default:
  }
  const { status, headers, body } = await forward(target, incoming, sent)
  if (fault?.kind === 'lose-answer') {
    outgoing.destroy()
    return
  }
  if (fault?.kind === 'login-page-after') {
    answerLoginPage(incoming, outgoing)
    return
  }
  if (fault?.kind === 'halve') {
    const part = body.subarray(0, body.length >> 1)
    outgoing.writeHead(status, { ...headers, 'content-length': String(part.length) })
    outgoing.end(part)
    return
  }
  outgoing.writeHead(status, headers)
  const half = body.subarray(0, body.length >> 1)
  switch (fault?.kind) {
    case 'truncate':
      // Half of nothing is the whole answer, so that one is lost.
      if (body.length === 0) outgoing.destroy()
      else outgoing.write(half, () => outgoing.destroy())
      return
    case 'stall':
      outgoing.write(half)
      return
    case 'dribble':
      for (let i = 0; i < body.length && !outgoing.destroyed; i++) {
        await new Promise((resolve) => setTimeout(resolve, fault.ms))
        outgoing.write(body.subarray(i, i + 1))
      }
      outgoing.end()
      return
    case 'slow':
      await drip(outgoing, body, fault.ms)
      return
    default:
      outgoing.end(body)
  }
}

function answerLoginPage({ method }: IncomingMessage, outgoing: ServerResponse): void {
  outgoing.writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
  outgoing.end(method === 'HEAD' ? undefined : LOGIN_PAGE)
}

interface Answer {
  readonly status: number
  readonly headers: Record<string, string | string[] | undefined>
  readonly body: Buffer
}

function forward(target: string, incoming: IncomingMessage, body: Buffer): Promise<Answer> {
  const { hostname, port } = new URL(target)
  const { method, url: path, headers } = incoming
  return new Promise((resolve, reject) => {
    // The host header stays what it was: it is signed.
    const asked = request({ hostname, port, method, path, headers, agent: false }, (answer) => {
      collect(answer).then((received) => {
        resolve({ status: answer.statusCode ?? 502, headers: answer.headers, body: received })
      }, reject)
    })
    asked.once('error', reject)
    asked.end(body)
  })
}

async function drip(outgoing: ServerResponse, body: Buffer, ms: number): Promise<void> {
  const size = Math.ceil(body.length / SLOW_PIECES)
  for (let start = 0; start < body.length; start += size) {
    await new Promise((resolve) => setTimeout(resolve, ms / SLOW_PIECES))
    outgoing.write(body.subarray(start, start + size))
  }
  outgoing.end()
}

async function collect(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of stream) pieces.push(piece)
  return Buffer.concat(pieces)
}
