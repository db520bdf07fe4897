import { createReadStream, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { extname, join, sep } from 'node:path'

/** @type {Readonly<Record<string, string>>} */
const TYPES = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
}

/**
 * Serves a folder on a free port of this machine, with ranges.
 *
 * @param {string} folder
 * @returns {Promise<{ url: string, close: () => Promise<void> }>}
 */
export async function serveFolder(folder) {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    const name = pathname.endsWith('/') ? `${pathname}index.html` : pathname
    const path = join(folder, decodeURIComponent(name))
    const size = path.startsWith(folder + sep)
      ? statSync(path, { throwIfNoEntry: false })
      : undefined
    if (size?.isFile() !== true) return void response.writeHead(404).end()
    const type = TYPES[extname(path)] ?? 'application/octet-stream'
    const headers = { 'content-type': type, 'access-control-allow-origin': '*' }
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
    const start = range === null ? 0 : Number(range[1])
    const last = Math.min(size.size - 1, range?.[2] ? Number(range[2]) : size.size - 1)
    if (range !== null && start > last) {
      return void response.writeHead(416, { 'content-range': `bytes */${size.size}` }).end()
    }
    response.writeHead(range === null ? 200 : 206, {
      ...headers,
      'content-length': last - start + 1,
      ...(range !== null && { 'content-range': `bytes ${start}-${last}/${size.size}` }),
    })
    if (request.method === 'HEAD' || size.size === 0) return void response.end()
    createReadStream(path, { start, end: last }).pipe(response)
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
