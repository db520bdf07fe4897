import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import type { ObjectStore } from '@shardyfusion/core/extend'

export interface Served {
  readonly method: string
  readonly path: string
  readonly range: string | undefined
}

/** A web server of static files over an object store; it lists nothing and refuses every write. */
export class StaticServer {
  readonly requests: Served[] = []
  /** Whether ranges are served; if not, whole objects are. */
  ranges = true
  /** Answers in place of the files, when it does. */
  intercept: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined
  readonly #objects: ObjectStore
  readonly #root: string
  #origin = ''

  private constructor(objects: ObjectStore, root: string) {
    this.#objects = objects
    this.#root = root
  }

  static async open(t: TestContext, objects: ObjectStore, root: string): Promise<StaticServer> {
    const files = new StaticServer(objects, root)
    const server = createServer((request, response) => {
      files.#answer(request, response).catch(() => response.destroy())
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => {
      server.closeAllConnections()
      server.close()
    })
    files.#origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    return files
  }

  get prefix(): string {
    return `${this.#origin}/data`
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request
    const { range } = request.headers
    this.requests.push({ method, path: url, range })
    if (this.intercept?.(request, response) === true) return
    if (method !== 'GET' && method !== 'HEAD') return void response.writeHead(405).end()
    const object = `${this.#root}${decodeURI(url.slice('/data'.length))}`
    const bytes = await this.#objects.get(object)
    if (bytes === undefined) return void response.writeHead(404).end('no such file')
    const modified = (await this.#objects.head(object))!.modifiedAt.toUTCString()
    const wanted = /^bytes=(\d+)-(\d*)$/.exec(range ?? '')
    if (wanted === null || !this.ranges) {
      response.writeHead(200, { 'content-length': bytes.length, 'last-modified': modified })
      return void response.end(method === 'HEAD' ? undefined : bytes)
    }
    const start = Number(wanted[1])
    const end = wanted[2] === '' ? bytes.length : Math.min(Number(wanted[2]) + 1, bytes.length)
    if (start >= bytes.length) {
      return void response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end()
    }
    response.writeHead(206, { 'content-range': `bytes ${start}-${end - 1}/${bytes.length}` })
    response.end(bytes.subarray(start, end))
  }
}
