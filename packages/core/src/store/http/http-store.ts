import * as v from 'valibot'
import { isShardyfusionError, type ShardyfusionError } from '../../errors.js'
import { parseOptions } from '../../options/parse-options.js'
import { integer } from '../../options/scalars.js'
import { orAbort } from '../../async/abort.js'
import { compareUtf8 } from '../../text/compare-utf8.js'
import { boundedTransfer, type Transfer } from '../transfer/bounded-transfer.js'
import { clipRange } from '../transfer/clip-range.js'
import { partLength } from '../transfer/content-range.js'
import { streamPieces } from '../transfer/stream-pieces.js'
import { announcedLength, fetchWithin } from './http-answer.js'
import { httpError, httpFailure } from './http-error.js'
import { decodeHttpIndex, httpIndexUrl } from './http-index.js'
import { revalidation } from './revalidation.js'
import { badUrl, checkObjectUrl, checkPrefixUrl } from '../object-url.js'
import type {
  GetObjectOptions,
  ObjectCallOptions,
  ObjectInfo,
  ObjectStore,
  ObjectUpload,
} from '../object-store.js'
import { MAX_OBJECT_BYTES, readBody } from '../transfer/read-body.js'
import { withRetries } from '../s3/s3-retry.js'
import { isBelow, validatePrefix } from '../urls.js'

/** Options of an `HttpStore`. */
export interface HttpStoreOptions {
  /** Replaces the global `fetch`: to add credentials, to retry, to count. */
  readonly fetch?: typeof fetch | undefined
  /**
   * Bound on a pause without a byte and, plus one second for each MiB received, on one attempt; in
   * milliseconds, 15,000 by default.
   */
  readonly requestTimeoutMs?: number | undefined
  /** Attempts at one request, including the first; 4 by default. */
  readonly maxAttempts?: number | undefined
  /**
   * Maximum bytes of one response, 2 GiB by default: a server without range requests sends whole
   * objects.
   */
  readonly maxObjectBytes?: number | undefined
  /** Also follow redirects to other origins; by default only to the same scheme, host and port. */
  readonly followCrossOrigin?: boolean | undefined
}

const optionsSchema = v.strictObject({
  fetch: v.optional(v.custom<typeof fetch>((f) => typeof f === 'function', 'must be a function')),
  requestTimeoutMs: v.optional(integer(1, 'milliseconds'), 15_000),
  maxAttempts: v.optional(integer(1, 'attempts'), 4),
  maxObjectBytes: v.optional(integer(1, 'bytes'), MAX_OBJECT_BYTES),
  followCrossOrigin: v.optional(v.boolean('must be true or false'), false),
})

const RETRYABLE = new Set([408, 425, 429, 500, 502, 503, 504])
const ABSENT = new Set([404, 410])
const RANGE_NOT_SATISFIABLE = 416
const PARTIAL_CONTENT = 206

/**
 * Reads the objects of a web server with GET, ranges and HEAD; it cannot write.
 *
 * Any server of static files works. A server without range requests sends whole objects, and the
 * range is cut from them. HTTP has no lists, so they come from `<root>/_INDEX.json`, which
 * `writeHttpIndex` makes. Objects directly below the root (`_CURRENT`, the index) are fetched each
 * time; everything deeper is immutable and may come from a browser's cache. For other origins, a
 * server must allow the `Range` header (CORS). A request is bounded in time and bytes. It is
 * retried after a lost connection, a timeout, a response shorter than announced, 429 or 5xx. Shape:
 * `https://host/path` read as a WHATWG URL. Errors: SHARD_STORE with `details.status`, also for
 * every write; an aborted signal's own reason.
 */
export class HttpStore implements ObjectStore {
  readonly scheme: string
  /** The address that all objects are below. */
  readonly root: string
  readonly #options: v.InferOutput<typeof optionsSchema>
  readonly #fetch: typeof fetch
  #index: Promise<ObjectInfo[]> | undefined

  /** Errors: SHARD_INVALID_OPTION. */
  constructor(root: string, options: HttpStoreOptions = {}) {
    this.root = validatePrefix(root, 'HttpStore', { reading: true })
    this.scheme = this.root.slice(0, this.root.indexOf(':'))
    if (!/^https?$/.test(this.scheme)) throw badUrl('HttpStore', root, 'it serves http(s):// URLs')
    this.#options = parseOptions(optionsSchema, options, 'HttpStore')
    // In browsers, `fetch` is a method of the window: it must not be called as a method of this
    // store.
    this.#fetch = options.fetch ?? ((input, init) => fetch(input, init))
  }

  async get(url: string, options: GetObjectOptions = {}): Promise<Uint8Array | undefined> {
    this.#checkObject(url, 'get')
    // A new pointer means a new snapshot, whose objects the loaded index may lack.
    if (this.#isMutable(url)) this.#index = undefined
    return this.#get(url, options)
  }

  async head(url: string, options: ObjectCallOptions = {}): Promise<ObjectInfo | undefined> {
    this.#checkObject(url, 'head')
    return this.#request('head', url, { method: 'HEAD' }, options, async (response) => {
      const { headers } = response
      const length = headers.get('content-length')
      if (length === null) {
        throw httpFailure(
          'head',
          url,
          'answered without Content-Length; the server must send sizes',
        )
      }
      return {
        url,
        bytes: Number(length),
        modifiedAt: new Date(headers.get('last-modified') ?? 0),
        etag: headers.get('etag') ?? undefined,
      }
    })
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

  async upload(url: string): Promise<ObjectUpload> {
    throw readOnly('upload', url)
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
    const asked = { start, end }
    return this.#request('get', url, { headers }, { signal }, async (response, transfer) => {
      if (response.status === RANGE_NOT_SATISFIABLE) {
        await response.body?.cancel()
        return new Uint8Array(0)
      }
      const { maxObjectBytes } = this.#options
      const { received } = transfer
      const body = streamPieces(response.body)
      if (response.status !== PARTIAL_CONTENT) {
        const length = announcedLength(response)
        const bytes = await readBody(body, { length, maxBytes: maxObjectBytes, received })
        const part = clipRange(range, bytes.length)
        return isPart ? bytes.slice(part.start, part.end) : bytes
      }
      // Pages of other origins cannot read the header; use the length then.
      const header = response.headers.get('content-range')
      const other = (part: string): Error =>
        httpFailure('get', url, `answered with a different range than requested: ${part}`)
      const length = header === null ? announcedLength(response) : partLength(header, asked, other)
      if ((length ?? 0) > end - start) throw other(`${length} bytes for ${end - start}`)
      const maxBytes = Math.min(maxObjectBytes, end - start)
      return readBody(body, { length, maxBytes, received })
    })
  }

  /**
   * Makes one request with retries and returns the result of `read`; `undefined` if the object does
   * not exist.
   */
  async #request<T>(
    call: string,
    url: string,
    init: RequestInit,
    { signal }: ObjectCallOptions,
    read: (response: Response, transfer: Transfer) => Promise<T>,
  ): Promise<T | undefined> {
    signal?.throwIfAborted()
    const { maxAttempts, requestTimeoutMs: timeoutMs, followCrossOrigin } = this.#options
    const cached = this.#isMutable(url) ? { ...init, ...revalidation() } : init
    const attempt = async (transfer: Transfer): Promise<T | undefined> => {
      const whole = { ...cached, signal: transfer.signal }
      const response = await fetchWithin(this.#fetch, url, whole, followCrossOrigin)
      if (response.ok || response.status === RANGE_NOT_SATISFIABLE) return read(response, transfer)
      await response.body?.cancel()
      if (ABSENT.has(response.status)) return undefined
      throw refused(call, url, response.status)
    }
    const work = withRetries(
      () =>
        boundedTransfer({ timeoutMs, signal }, attempt).catch((cause: unknown) => {
          throw httpError(call, url, cause)
        }),
      { maxAttempts, signal, canRetry: (error) => isShardyfusionError(error) && error.retryable },
    )
    return orAbort(work, signal)
  }

  async #below(url: string, call: string, { signal }: ObjectCallOptions): Promise<ObjectInfo[]> {
    const below = checkPrefixUrl(url, this.scheme, `HttpStore.${call}`)
    if (below !== this.root) this.#checkObject(below, call)
    // All lists share this request, so no caller's signal ends it.
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
    throw httpFailure(
      'list',
      url,
      'does not exist, and HTTP has no lists; make it with writeHttpIndex',
    )
  }

  #checkObject(url: string, call: string): void {
    const where = `HttpStore.${call}`
    checkObjectUrl(url, this.scheme, where)
    if (!isBelow(url, this.root)) throw badUrl(where, url, `this store serves ${this.root}/…`)
  }

  /** Everything that is ever replaced is directly below the root. */
  #isMutable(url: string): boolean {
    return !url.slice(this.root.length + 1).includes('/')
  }
}

function refused(call: string, url: string, status: number): ShardyfusionError {
  const retryable = RETRYABLE.has(status)
  const advice = retryable ? 'retry' : 'check the address and its read permissions'
  return httpFailure(call, url, `answered with status ${status}; ${advice}`, {
    retryable,
    details: { status },
  })
}

function readOnly(call: string, url: string): ShardyfusionError {
  return httpFailure(call, url, 'cannot be written: http(s):// is read-only')
}
