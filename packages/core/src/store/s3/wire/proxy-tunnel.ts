import http from 'node:http'
import https from 'node:https'
import type { Duplex } from 'node:stream'
import tls from 'node:tls'
import type { ProxyAddress } from './proxy-rule.js'
import { ProxyProblem } from './transport-types.js'

type OnSocket = (error: Error | null, socket: Duplex) => void

/**
 * Connects to TLS servers through a proxy (CONNECT). Node's agents can do that from 22.21 and 24.5
 * on only.
 */
export class TunnelAgent extends https.Agent {
  readonly #proxy: ProxyAddress
  readonly #timeoutMs: number

  constructor(proxy: ProxyAddress, timeoutMs: number, options: https.AgentOptions) {
    super(options)
    this.#proxy = proxy
    this.#timeoutMs = timeoutMs
  }

  override createConnection(options: https.RequestOptions, onSocket?: OnSocket): undefined {
    this.#connect(options).then(
      (socket) => onSocket?.(null, socket),
      (error: Error) => onSocket?.(error, undefined as unknown as Duplex),
    )
    // The socket is passed to `onSocket`.
    return undefined
  }

  async #connect(options: https.RequestOptions): Promise<Duplex> {
    const { host, port = 443 } = options
    const name = host?.includes(':') === true ? `[${host}]` : host
    const socket = await openTunnel(this.#proxy, `${name}:${port}`, this.#timeoutMs)
    return tls.connect({ ...(options as tls.ConnectionOptions), socket: socket as never })
  }
}

/** Asks the proxy for a connection to `server`, `host:port`. Errors: ProxyProblem. */
function openTunnel(proxy: ProxyAddress, server: string, timeoutMs: number): Promise<Duplex> {
  const { request } = proxy.url.protocol === 'https:' ? https : http
  return new Promise((resolve, reject) => {
    const asked = request({
      ...proxyTarget(proxy),
      method: 'CONNECT',
      path: server,
      headers: { host: server, ...proxyHeaders(proxy) },
      agent: false,
    })
    const fail = (error: Error): void => {
      clearTimeout(timer)
      reject(error)
      asked.destroy()
    }
    const timer = setTimeout(
      () => fail(new ProxyProblem(`${nameOf(proxy)} did not connect within ${timeoutMs} ms`, true)),
      timeoutMs,
    )
    asked.once('connect', ({ statusCode = 0 }, socket) => {
      if (statusCode < 200 || statusCode >= 300) {
        socket.destroy()
        fail(proxyRefusal(proxy, statusCode))
        return
      }
      clearTimeout(timer)
      resolve(socket)
    })
    asked.once('response', ({ statusCode = 0 }) => fail(proxyRefusal(proxy, statusCode)))
    asked.on('error', (error) => fail(viaProxy(error, proxy)))
    asked.end()
  })
}

/** Returns the error for a response of the proxy itself. */
export function proxyRefusal(proxy: ProxyAddress, status: number): ProxyProblem {
  return new ProxyProblem(`${nameOf(proxy)} answered HTTP ${status}`, status >= 500)
}

/** Returns the error of a request through a proxy: one that happened while connecting is about the proxy. */
export function viaProxy(error: Error, proxy: ProxyAddress): Error {
  const { code, syscall } = error as NodeJS.ErrnoException
  if (syscall !== 'connect' && syscall !== 'getaddrinfo') return error
  return new ProxyProblem(`${nameOf(proxy)} cannot be reached: ${code}`, true)
}

function nameOf({ url, from }: ProxyAddress): string {
  return `the proxy ${url.host} (${from})`
}

/** Returns where the proxy listens, as options of a request. */
export function proxyTarget({ url }: ProxyAddress): https.RequestOptions {
  const { hostname, port, protocol } = url
  return { protocol, hostname: hostname.replace(/^\[(.*)\]$/, '$1'), port }
}

/** Returns the headers by which the proxy knows its user. */
export function proxyHeaders({ url }: ProxyAddress): Record<string, string> {
  if (url.username === '') return {}
  const user = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
  return { 'proxy-authorization': `Basic ${Buffer.from(user).toString('base64')}` }
}
