import type { Environment } from '../environment/environment.js'
import { storeError } from '../../errors/error-factories.js'
import { orTimeout } from '../../async/abort.js'
import { closeOnce } from '../../async/close-once.js'
import { compareUtf8 } from '../../text/compare-utf8.js'
import { newOpaqueId } from '../../text/opaque-id.js'
import { clipRange } from '../transfer/clip-range.js'
import { partLength } from '../transfer/content-range.js'
import { checkObjectUrl, checkPrefixUrl, isObjectUrl } from '../object-url.js'
import type {
  GetObjectOptions,
  ObjectCallOptions,
  ObjectInfo,
  ObjectStore,
  ObjectUpload,
  PutObjectOptions,
} from '../object-store.js'
import { MAX_OBJECT_BYTES, readBody } from '../transfer/read-body.js'
import { resolveS3Connection, type S3ConnectionOptions } from './connect/s3-connection.js'
import { S3Deletes } from './s3-delete.js'
import { engineEnvironment } from './connect/s3-environment.js'
import { BadAnswer, classifyS3Failure } from './s3-failure.js'
import { listPages } from './s3-list.js'
import { type PreflightOptions, S3Preflight } from './connect/s3-preflight.js'
import { multipartRequests } from './s3-multipart.js'
import { S3Requests } from './s3-requests.js'
import { multipartSink } from './s3-upload.js'
import { startUpload } from '../upload/start-upload.js'

/** Metadata by which a put recognizes its own object if the response was lost. */
const PUT_MARK = 'x-amz-meta-shardyfusion-put'

/** The type that AWS itself gives to objects without one. */
const DEFAULT_TYPE = 'application/octet-stream'

interface S3Place {
  readonly bucket: string
  readonly key: string
}

/**
 * Stores objects in S3 or a compatible store.
 *
 * Shape: `s3://bucket/key`, keys used literally. `list` skips keys that no such URL can name (with
 * `//`, a trailing slash, control characters); `deletePrefix` removes them. `list` keeps the order
 * that S3 promises for general purpose buckets. A put is one request, up to 5 GiB: its bytes are in
 * memory already. Only `upload` sends parts. Errors:
 * SHARD_STORE with `retryable`, `details.kind`, `.status` and `.awsCode`, after the store's own
 * retries; an aborted signal's own reason. Source: wire-format §1.7, §12.
 */
export class S3Store implements ObjectStore {
  readonly scheme = 's3'
  readonly #requests: S3Requests
  readonly #deletes: S3Deletes
  readonly #preflight: S3Preflight
  readonly close: () => Promise<void>

  /** Errors: SHARD_INVALID_OPTION. */
  constructor(options: S3ConnectionOptions = {}, where = 'S3Store') {
    this.#requests = new S3Requests(resolveS3Connection(options, where))
    this.#deletes = new S3Deletes(this.#requests)
    this.#preflight = new S3Preflight(this.#requests)
    this.close = closeOnce(() => this.#requests.close())
  }

  async get(url: string, options: GetObjectOptions = {}): Promise<Uint8Array | undefined> {
    const { range, signal } = options
    const { bucket, key } = objectPlace(url, 'get')
    const start = Math.max(range?.start ?? 0, 0)
    if (range !== undefined && start >= range.end) {
      // S3 has no range of zero bytes.
      return (await this.head(url, options)) === undefined ? undefined : new Uint8Array(0)
    }
    const end = range?.end ?? Number.MAX_SAFE_INTEGER
    const headers = { range: range === undefined ? undefined : `bytes=${start}-${end - 1}` }
    const request = { operation: 'get', method: 'GET', bucket, key, headers } as const
    return this.#requests.call('get', url, { signal }, async ({ send, received }) => {
      try {
        const found = await send(request)
        const limits = { maxBytes: MAX_OBJECT_BYTES, received }
        const contentRange = found.headers['content-range']
        if (contentRange === undefined) {
          // The whole object: it was asked for, or this server does not support ranges.
          const length = numberIn(found.headers['content-length'])
          const bytes = await readBody(found.body, { ...limits, length })
          const part = clipRange(range, bytes.length)
          return bytes.subarray(part.start, part.end)
        }
        const length = partLength(contentRange, { start, end }, (other) => new BadAnswer(other))
        return await readBody(found.body, { ...limits, length })
      } catch (error) {
        if (isAbsence(error)) return undefined
        // The range begins at or after the end of the object.
        if (classifyS3Failure(error).status === 416) return new Uint8Array(0)
        throw error
      }
    })
  }

  async head(url: string, options: ObjectCallOptions = {}): Promise<ObjectInfo | undefined> {
    return (await this.#head('head', url, objectPlace(url, 'head'), options))?.info
  }

  async put(url: string, bytes: Uint8Array, options: PutObjectOptions = {}): Promise<boolean> {
    const { contentType, signal } = options
    const { bucket, key } = objectPlace(url, 'put')
    const mark = options.ifAbsent === true ? newOpaqueId() : undefined
    const condition = mark !== undefined && { 'if-none-match': '*', [PUT_MARK]: mark }
    const headers = { 'content-type': contentType ?? DEFAULT_TYPE, ...condition }
    const request = { operation: 'put', method: 'PUT', bucket, key, headers, body: bytes } as const
    const limits = { signal, bytes: bytes.length, conditional: mark !== undefined }
    const put = await this.#requests.call('put', url, limits, ({ send }) =>
      send(request).then(
        () => true,
        (error: unknown) => {
          if (mark !== undefined && classifyS3Failure(error).status === 412) return false
          throw error
        },
      ),
    )
    if (put) return true
    // The object may be ours: an attempt whose response was lost put it, or something in between
    // repeated the request.
    return (await this.#head('put', url, { bucket, key }, { signal }))?.mark === mark
  }

  /**
   * Sends parts of 8 MiB, 4 at a time; an object of up to 8 MiB is one put. If the process dies, the
   * parts stay in the bucket until its lifecycle rule removes them.
   */
  async upload(url: string, options: ObjectCallOptions = {}): Promise<ObjectUpload> {
    const place = objectPlace(url, 'upload')
    return startUpload('S3Store.upload', url, options, async (signal) => {
      const requests = multipartRequests(this.#requests, url, place, signal, {
        put: async (bytes) => void (await this.put(url, bytes, { signal })),
        mark: async () => (await this.#head('upload', url, place, { signal }))?.mark,
        metadata: (mark) => ({ [PUT_MARK]: mark }),
      })
      return multipartSink(requests)
    })
  }

  async *list(url: string, options: ObjectCallOptions = {}): AsyncGenerator<ObjectInfo> {
    const place = prefixPlace(url, 'list')
    for await (const page of listPages(this.#requests, 'list', url, place, options)) {
      for (const { key, ...facts } of page.objects) {
        options.signal?.throwIfAborted()
        const name = `s3://${place.bucket}/${key}`
        if (isObjectUrl(name, 's3')) yield { url: name, ...facts }
      }
    }
  }

  async listPrefixes(url: string, options: ObjectCallOptions = {}): Promise<string[]> {
    const listing = { ...prefixPlace(url, 'listPrefixes'), delimiter: '/' }
    const prefixes: string[] = []
    for await (const page of listPages(this.#requests, 'listPrefixes', url, listing, options)) {
      for (const prefix of page.prefixes) {
        const child = `s3://${listing.bucket}/${prefix.slice(0, -1)}`
        if (isObjectUrl(child, 's3')) prefixes.push(child)
      }
    }
    // Storage orders by `name/`; here the names themselves count.
    return prefixes.sort(compareUtf8)
  }

  async delete(url: string, options: ObjectCallOptions = {}): Promise<void> {
    await this.#deletes.one('delete', url, objectPlace(url, 'delete'), options)
  }

  /** In a versioned bucket this hides the objects; their versions stay. */
  async deletePrefix(url: string, options: ObjectCallOptions = {}): Promise<number> {
    const place = prefixPlace(url, 'deletePrefix')
    let count = 0
    for await (const page of listPages(this.#requests, 'deletePrefix', url, place, options)) {
      const keys = page.objects.map(({ key }) => key)
      await this.#deletes.all(url, place.bucket, keys, options)
      count += keys.length
    }
    return count
  }

  /**
   * Checks, once for each prefix, whether its bucket can be reached. Errors: SHARD_STORE with the
   * reason.
   */
  async preflight(url: string, options: PreflightOptions = {}): Promise<void> {
    options.signal?.throwIfAborted()
    const place = prefixPlace(url, 'preflight')
    await this.#preflight.check(`s3://${place.bucket}/${place.key}`, place, options)
  }

  /**
   * Returns the variables by which an engine that opens now reaches `url` as this store does.
   *
   * Keys that expire soon are renewed first, because an open engine cannot renew its keys.
   */
  async engineEnvironment(url: string): Promise<Environment> {
    const { connection } = this.#requests
    const { bucket } = prefixPlace(url, 'engineEnvironment')
    const { credentials, region, requestTimeoutMs: timeoutMs } = connection
    // A caller's function, a metadata service or a command may never answer.
    const inTime = <T>(keys: Promise<T>): Promise<T> => orTimeout(keys, { timeoutMs, expired })
    const expired = (): Error =>
      storeError(
        'S3Store.engineEnvironment',
        `no credentials within ${timeoutMs} ms; check what provides them, or raise ` +
          's3.requestTimeoutMs',
        { peer: 'S3TransientError', retryable: true, details: { kind: 'timeout' } },
      )
    try {
      return engineEnvironment(connection, bucket, region, await inTime(credentials.fresh()))
    } catch (error) {
      throw this.#requests.error(error, 'engineEnvironment', url)
    }
  }

  async #head(
    name: string,
    url: string,
    { bucket, key }: S3Place,
    { signal }: ObjectCallOptions,
  ): Promise<{ info: ObjectInfo; mark: string | undefined } | undefined> {
    const request = { operation: 'head', method: 'HEAD', bucket, key } as const
    return this.#requests.call(name, url, { signal }, async ({ send }) => {
      try {
        const { headers } = await send(request)
        const info = {
          url,
          // An answer without it has been refused.
          bytes: numberIn(headers['content-length']) ?? 0,
          modifiedAt: new Date(headers['last-modified'] ?? 0),
          etag: headers['etag'],
        }
        return { info, mark: headers[PUT_MARK] }
      } catch (error) {
        if (isAbsence(error)) return undefined
        throw error
      }
    })
  }
}

/**
 * Responses to HEAD have no code, so they do not distinguish a missing bucket from a missing
 * object.
 */
function isAbsence(error: unknown): boolean {
  const { kind, status } = classifyS3Failure(error)
  return status === 404 && kind !== 'no-bucket'
}

function objectPlace(url: string, call: string): S3Place {
  return placeOf(checkObjectUrl(url, 's3', `S3Store.${call}`))
}

function prefixPlace(url: string, call: string): S3Place {
  return placeOf(checkPrefixUrl(url, 's3', `S3Store.${call}`))
}

/** Returns bucket and key unchanged; the key of a whole bucket is empty. */
function placeOf(url: string): S3Place {
  const path = url.slice('s3://'.length)
  const slash = path.indexOf('/')
  if (slash === -1) return { bucket: path, key: '' }
  return { bucket: path.slice(0, slash), key: path.slice(slash + 1) }
}

function numberIn(header: string | undefined): number | undefined {
  return header !== undefined && /^\d+$/.test(header) ? Number(header) : undefined
}
