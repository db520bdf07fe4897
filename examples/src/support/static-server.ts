import { once } from 'node:events'
import { createReadStream, type Stats } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.txt': 'text/plain; charset=utf-8',
  '.md': 'text/markdown; charset=utf-8',
}

/** One answered request. */
export interface Answered {
  readonly method: string
  readonly path: string
  readonly range: string | undefined
  readonly status: number
}

export interface StaticServer {
  /** For example http://127.0.0.1:8080 */
  readonly url: string
  close(): Promise<void>
}

/** Serves the files of a folder with GET and HEAD, including ranges. Rejects other methods. */
export async function serveFolder(
  folder: string,
  options: { port?: number; onAnswer?: (answered: Answered) => void } = {},
): Promise<StaticServer> {
  const server = createServer((request, response) => {
    response.once('finish', () => {
      const { method = '', url = '', headers } = request
      options.onAnswer?.({ method, path: url, range: headers.range, status: response.statusCode })
    })
    // The client has disconnected; no response is needed.
    answer(folder, request, response).catch(() => response.destroy())
  })
  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function answer(
  folder: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = '', url = '/' } = request
  if (method !== 'GET' && method !== 'HEAD') {
    return void response.writeHead(405, { allow: 'GET, HEAD' }).end()
  }
  const path = pathOf(folder, url)
  const found = path === undefined ? undefined : await stat(path).catch(() => undefined)
  if (path === undefined || found?.isFile() !== true) return void response.writeHead(404).end()

  response.setHeader('accept-ranges', 'bytes')
  response.setHeader('content-type', CONTENT_TYPES[extname(path)] ?? 'application/octet-stream')
  response.setHeader('last-modified', found.mtime.toUTCString())
  const range = rangeOf(request, found)
  if (range === 'none') {
    return void response.writeHead(416, { 'content-range': `bytes */${found.size}` }).end()
  }
  const { start, end } = range ?? { start: 0, end: found.size }
  response.setHeader('content-length', end - start)
  if (range !== undefined) {
    response.setHeader('content-range', `bytes ${start}-${end - 1}/${found.size}`)
  }
  response.writeHead(range === undefined ? 200 : 206)
  if (method === 'HEAD' || end === start) return void response.end()
  await pipeline(createReadStream(path, { start, end: end - 1 }), response)
}

/** The file of a URL; `undefined` for an invalid URL or one outside the folder. */
function pathOf(folder: string, url: string): string | undefined {
  try {
    // Parsing the URL has resolved `..` and `%2e%2e`. Decoding must not introduce it again.
    const name = decodeURIComponent(new URL(url, 'http://localhost').pathname)
    if (/[\\\0]|\/\.\.(\/|$)/.test(name)) return undefined
    return join(folder, name.endsWith('/') ? `${name}index.html` : name)
  } catch {
    return undefined
  }
}

/** The requested range; `undefined` for the whole file, `'none'` if it starts after the end of the file. */
function rangeOf(
  { headers }: IncomingMessage,
  { size }: Stats,
): { start: number; end: number } | 'none' | undefined {
  const match = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '')
  if (match === null) return undefined
  const start = Number(match[1])
  const end = match[2] === '' ? size : Math.min(Number(match[2]) + 1, size)
  return start < end ? { start, end } : 'none'
}
