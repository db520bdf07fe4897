import { isShardyfusionError, ShardyfusionError } from '../errors.js'
import { orAbort } from '../util/abort.js'
import { compareUtf8 } from '../util/compare-utf8.js'
import { describeUrl } from '../util/describe-url.js'
import { clipRange } from './clip-range.js'
import { decodeHttpIndex, httpIndexUrl } from './http-index.js'
import { badUrl, checkObjectUrl, checkPrefixUrl } from './object-url.js'
import type {
  GetObjectOptions,
  ObjectCallOptions,
  ObjectInfo,
  ObjectStore,
} from './object-store.js'
import { isBelow, validatePrefix } from './urls.js'

export interface HttpStoreOptions {
  /** Called in place of the global `fetch`: to add credentials, to retry, to count. */
  readonly fetch?: typeof fetch | undefined
}

const RETRYABLE = new Set([408, 425, 429, 500, 502, 503, 504])
const ABSENT = new Set([404, 410])
const RANGE_NOT_SATISFIABLE = 416
const PARTIAL_CONTENT = 206

/**
 * Objects of a web server, read-only: GET with ranges, and HEAD.
 *
 * Any server of static files will do; one without range requests sends whole objects, of which the range is cut.
 * HTTP has no lists, so they come from `<root>/_INDEX.json`, which `writeHttpIndex` makes. Objects directly below the
 * root (`_CURRENT`, the index) are asked for anew each time; everything deeper is immutable and may come from a
 * browser's cache. From other origins, a server must allow the `Range` header (CORS).
 * Shape: `https://host/path` read as a WHATWG URL.
 * Errors: SHARD_STORE with `details.status`, also for every write; an aborted signal's own reason.
 */
export class HttpStore implements ObjectStore {
  readonly scheme: string
  readonly root: string
  readonly #fetch: typeof fetch
  #index: Promise<ObjectInfo[]> | undefined

  constructor(root: string, options: HttpStoreOptions = {}) {
    this.root = validatePrefix(root, 'HttpStore', { reading: true })
    this.scheme = this.root.slice(0, this.root.indexOf(':'))
    if (!/^https?$/.test(this.scheme)) throw badUrl('HttpStore', root, 'it serves http(s):// URLs')
    // A method of the window in browsers: it must not be called as one of this store.
    this.#fetch = options.fetch ?? ((input, init) => fetch(input, init))
  }

  async get(url: string, options: GetObjectOptions = {}): Promise<Uint8Array | undefined> {
    this.#checkObject(url, 'get')
    // New pointer, new snapshot: what the index does not have yet may be asked for next.
    if (this.#isMutable(url)) this.#index = undefined
    return this.#get(url, options)
  }

  async head(url: string, options: ObjectCallOptions = {}): Promise<ObjectInfo | undefined> {
    this.#checkObject(url, 'head')
    const response = await this.#request('head', url, { method: 'HEAD', signal: options.signal })
    if (response === undefined) return undefined
    const { headers } = response
    const length = headers.get('content-length')
    if (length === null) {
      throw failure('head', url, 'answered without Content-Length; the server must tell sizes')
    }
    return {
      url,
      bytes: Number(length),
      modifiedAt: new Date(headers.get('last-modified') ?? 0),
      etag: headers.get('etag') ?? undefined,
    }
  }

  async *list(url: string, options: ObjectCallOptions = {}): AsyncGenerator<ObjectInfo> {
    yield* await this.#below(url, 'list', options)
  }

  async listPrefixes(url: string, options: ObjectCallOptions = {}): Promise<string[]> {
    const start = checkPrefixUrl(url, this.scheme, 'HttpStore.listPrefixes').length + 1
    const prefixes = new Set<string>()
    for (const object of await this.#below(url, 'listPrefixes', options)) {
      const slash = object.url.indexOf('/', start)
      if (slash !== -1) prefixes.add(object.url.slice(0, slash))
    }
    return [...prefixes].sort(compareUtf8)
  }

  async put(url: string): Promise<boolean> {
    throw readOnly('put', url)
  }

  async delete(url: string): Promise<void> {
    throw readOnly('delete', url)
  }

  async deletePrefix(url: string): Promise<number> {
    throw readOnly('deletePrefix', url)
  }

  async #get(
    url: string,
    { range, signal }: GetObjectOptions,
  ): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const start = Math.max(range?.start ?? 0, 0)
    const end = range?.end ?? Number.MAX_SAFE_INTEGER
    if (end <= start) {
      return (await this.head(url, { signal })) === undefined ? undefined : new Uint8Array(0)
    }
    const isPart = start > 0 || end < Number.MAX_SAFE_INTEGER
    const last = end < Number.MAX_SAFE_INTEGER ? String(end - 1) : ''
    const headers: Record<string, string> = isPart ? { range: `bytes=${start}-${last}` } : {}
    const response = await this.#request('get', url, { headers, signal })
    if (response === undefined) return undefined
    if (response.status === RANGE_NOT_SATISFIABLE) {
      await response.body?.cancel()
      return new Uint8Array(0)
    }
    const bytes = await readBody(response, url, signal)
    if (response.status !== PARTIAL_CONTENT) {
      const part = clipRange(range, bytes.length)
      return isPart ? bytes.slice(part.start, part.end) : bytes
    }
    // The header is hidden from pages of other origins; then the length has to do.
    const from = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1]
    if ((from !== undefined && Number(from) !== start) || bytes.length > end - start) {
      throw failure('get', url, `answered with another range than bytes ${start} to ${end}`)
    }
    return bytes
  }

  /** The answer with a body to read; `undefined` when there is no such object. */
  async #request(call: string, url: string, init: RequestInit): Promise<Response | undefined> {
    init.signal?.throwIfAborted()
    // Node has no cache and its types do not know the option.
    const cached = { ...init, cache: this.#isMutable(url) ? 'no-cache' : 'default' }
    let response: Response
    try {
      response = await this.#fetch(url, cached)
    } catch (cause) {
      throw unreachable(call, url, cause, init.signal)
    }
    if (response.ok || response.status === RANGE_NOT_SATISFIABLE) return response
    await response.body?.cancel()
    if (ABSENT.has(response.status)) return undefined
    throw refused(call, url, response.status)
  }

  async #below(url: string, call: string, { signal }: ObjectCallOptions): Promise<ObjectInfo[]> {
    const below = checkPrefixUrl(url, this.scheme, `HttpStore.${call}`)
    if (below !== this.root) this.#checkObject(below, call)
    // Shared by all who list, so nobody's signal ends it.
    this.#index ??= this.#loadIndex().catch((error: unknown) => {
      this.#index = undefined
      throw error
    })
    const objects = await orAbort(this.#index, signal)
    return objects.filter((object) => object.url.startsWith(`${below}/`))
  }

  async #loadIndex(): Promise<ObjectInfo[]> {
    const url = httpIndexUrl(this.root)
    const bytes = await this.#get(url, {})
    if (bytes !== undefined) return decodeHttpIndex(bytes, this.root, 'HttpStore.list')
    throw failure('list', url, 'is not there, and HTTP has no lists; make it with writeHttpIndex')
  }

  #checkObject(url: string, call: string): void {
    const where = `HttpStore.${call}`
    checkObjectUrl(url, this.scheme, where)
    if (!isBelow(url, this.root)) throw badUrl(where, url, `this store serves ${this.root}/…`)
  }

  /** All that is ever replaced lies directly below the root. */
  #isMutable(url: string): boolean {
    return !url.slice(this.root.length + 1).includes('/')
  }
}

async function readBody(
  response: Response,
  url: string,
  signal: AbortSignal | null | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await response.arrayBuffer())
  } catch (cause) {
    throw unreachable('get', url, cause, signal)
  }
}

function failure(
  call: string,
  url: string,
  problem: string,
  options?: ConstructorParameters<typeof ShardyfusionError>[2],
): ShardyfusionError {
  const message = `HttpStore.${call}: ${describeUrl(url)} ${problem}`
  return new ShardyfusionError('SHARD_STORE', message, options)
}

function unreachable(
  call: string,
  url: string,
  cause: unknown,
  signal: AbortSignal | null | undefined,
): unknown {
  if (signal?.aborted) return signal.reason
  if (isShardyfusionError(cause)) return cause
  const problem =
    'could not be fetched; check the address, the network and, for other origins, CORS'
  return failure(call, url, problem, { retryable: true, cause })
}

function refused(call: string, url: string, status: number): ShardyfusionError {
  const retryable = RETRYABLE.has(status)
  const advice = retryable ? 'try again' : 'check the address and who may read it'
  return failure(call, url, `answered with status ${status}; ${advice}`, {
    retryable,
    details: { status },
  })
}

function readOnly(call: string, url: string): ShardyfusionError {
  return failure(call, url, 'cannot be written: what lies behind http(s):// is read-only')
}
