import { openTransport } from '#node/store/s3/wire/transport'
import { readBody } from '../../transfer/read-body.js'
import type { S3Connection } from '../connect/s3-connection.js'
import { answerProblem, documentProblem, hasDocument, type S3Operation } from '../s3-answer.js'
import { AnswerError, BadAnswer, classifyS3Failure } from '../s3-failure.js'
import { type BucketAddress, bucketAddress, encodeKey, encodeQuery } from './bucket-address.js'
import { md5 } from './md5.js'
import { childText, type XmlElement } from './read-xml.js'
import { readDocument, readErrorDocument } from './s3-documents.js'
import { RequestSigner } from './sign-request.js'
import type { Transport, WireAnswer } from './transport-types.js'

/** A request on a bucket or an object. */
export interface S3Request {
  readonly operation: S3Operation
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  readonly bucket: string
  /** Left out for the bucket itself. */
  readonly key?: string
  readonly query?: Readonly<Record<string, string | undefined>>
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string | undefined>>
  readonly body?: Uint8Array
}

/** A successful response that proves to be from S3. */
export interface S3Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
  /** The object; of a `get` alone. */
  readonly body: AsyncIterable<Uint8Array>
  /** The root of the document, if the operation has one. */
  readonly document: XmlElement | undefined
}

/** Maximum bytes of a document: 1,000 keys of 1,024 bytes, each escaped, are far less. */
const MAX_DOCUMENT_BYTES = 64 * 1024 * 1024
const ENCRYPTED: ReadonlySet<S3Operation> = new Set(['put', 'start-upload'])
const NO_LIMITS = { length: undefined, maxBytes: MAX_DOCUMENT_BYTES }

/**
 * Makes requests over one connection and checks the responses. It never retries, except with a
 * checksum that a bucket demands, and bounds only the time to connect.
 */
export class S3Client {
  readonly #connection: S3Connection
  readonly #transport: Transport
  readonly #signer: RequestSigner
  readonly #addresses = new Map<string, BucketAddress>()
  /** Added to the clock of this machine, which a response has shown to be wrong. */
  #clockOffsetMs = 0
  #sendsMd5: boolean

  /** Errors: SHARD_INVALID_OPTION for settings that this platform does not support. */
  constructor(connection: S3Connection) {
    this.#connection = connection
    this.#transport = openTransport(connection)
    this.#signer = new RequestSigner(connection.region)
    this.#sendsMd5 = connection.checksum === 'md5'
  }

  /** Errors: AnswerError, BadAnswer, BodyProblem; those of the connection. */
  async send(
    request: S3Request,
    signal: AbortSignal,
    received: (bytes: number) => void,
  ): Promise<S3Reply> {
    // AWS wants a checksum with every batch of deletes.
    const withMd5 = this.#sendsMd5 || request.operation === 'delete-many'
    try {
      return await this.#send(request, withMd5, signal, received)
    } catch (error) {
      const { kind } = classifyS3Failure(error)
      if (kind === 'clock' && error instanceof AnswerError) this.#learnTime(error)
      if (kind !== 'checksum-required' || withMd5 || request.body === undefined) throw error
      this.#sendsMd5 = true
      return this.#send(request, true, signal, received)
    }
  }

  close(): void {
    this.#transport.close()
  }

  async #send(
    { operation, method, bucket, key, query = {}, headers = {}, body }: S3Request,
    withMd5: boolean,
    signal: AbortSignal,
    received: (bytes: number) => void,
  ): Promise<S3Reply> {
    const { credentials, encryption, requesterPays } = this.#connection
    const { origin, path: base } = this.#addressOf(bucket)
    const path = key === undefined ? base || '/' : `${base}/${encodeKey(key)}`
    const search = encodeQuery(query)
    const all: Record<string, string> = { host: origin.host }
    for (const [name, value] of Object.entries(headers)) if (value !== undefined) all[name] = value
    if (body !== undefined && withMd5) all['content-md5'] = toBase64(md5(body))
    if (requesterPays) all['x-amz-request-payer'] = 'requester'
    if (ENCRYPTED.has(operation)) Object.assign(all, encryption)
    const keys = await credentials.get()
    if (keys !== undefined) {
      const signable = { method, path, query: search, headers: all, body }
      const at = new Date(Date.now() + this.#clockOffsetMs)
      Object.assign(all, await this.#signer.sign(signable, keys, at))
    }
    all['user-agent'] = 'shardyfusion'
    if (body !== undefined) all['content-length'] = String(body.length)
    const whole = search === '' ? path : `${path}?${search}`
    const answer = await this.#transport.send(
      { method, origin, path: whole, headers: all, body },
      signal,
    )
    try {
      return await readReply(operation, answer, received)
    } catch (error) {
      answer.discard()
      throw error
    }
  }

  #addressOf(bucket: string): BucketAddress {
    const known = this.#addresses.get(bucket)
    if (known !== undefined) return known
    const address = bucketAddress(this.#connection, bucket)
    this.#addresses.set(bucket, address)
    return address
  }

  #learnTime({ date }: AnswerError): void {
    const serverMs = Date.parse(date ?? '')
    if (!Number.isNaN(serverMs)) this.#clockOffsetMs = serverMs - Date.now()
  }
}

async function readReply(
  operation: S3Operation,
  answer: WireAnswer,
  received: (bytes: number) => void,
): Promise<S3Reply> {
  const { status, headers, body } = answer
  const problem = answerProblem(operation, answer)
  if (problem !== undefined) throw new BadAnswer(problem)
  const isSuccess = status >= 200 && status < 300
  if (isSuccess && operation === 'get') return { status, headers, body, document: undefined }
  const bytes = await readBody(body, { ...NO_LIMITS, received })
  if (!isSuccess) throw answerError(answer, bytes)
  const foreign = documentProblem(operation, bytes)
  if (foreign !== undefined) throw new BadAnswer(foreign)
  if (!hasDocument(operation)) return { status, headers, body, document: undefined }
  const document = readDocument(bytes)
  // S3 may find out only after it has sent the status.
  if (document.name === 'Error') throw answerError(answer, bytes)
  return { status, headers, body, document }
}

function answerError({ status, headers }: WireAnswer, bytes: Uint8Array): AnswerError {
  const document = bytes.length === 0 ? undefined : readErrorDocument(bytes)
  const text = (name: string): string | undefined =>
    (document && childText(document, name)?.trim()) || undefined
  return new AnswerError({
    status,
    awsCode: text('Code'),
    said: text('Message'),
    region: text('Region') ?? headers['x-amz-bucket-region'],
    requestId: headers['x-amz-request-id'] ?? text('RequestId'),
    extendedRequestId: headers['x-amz-id-2'],
    date: headers['date'],
    isForeign: document === undefined && bytes.length > 0,
  })
}

function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
}
