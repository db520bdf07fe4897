/** Kinds of requests; each kind proves in its own way that the response is from S3. */
export type S3Operation =
  | 'get'
  | 'head'
  | 'put'
  | 'put-part'
  | 'delete'
  | 'delete-many'
  | 'list'
  | 'start-upload'
  | 'complete-upload'

/** A response before its body is read; header names are in lower case. */
export interface S3Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
}

/** Statuses that mean "later", whatever the body. */
const LATER = new Set([408, 429])

/**
 * Returns why a response cannot come from S3, or `undefined` if it can.
 *
 * A proxy's login page answers every request with `200`. S3 sends the ETag of every object it
 * stores or returns, answers a delete with `204`, and sends no web pages. Bodies are checked when
 * they are read.
 */
export function answerProblem(
  operation: S3Operation,
  { status, headers }: S3Answer,
): string | undefined {
  if (isWebPage(status, headers)) return `HTTP ${status} with a web page`
  if (status < 200 || status >= 300) return undefined
  const lacks = (what: string): string => `HTTP ${status} without ${what}`
  switch (operation) {
    case 'get':
    case 'head':
      if (status !== 200 && status !== 206) return `HTTP ${status} for an object`
      if (!headers['etag']) return lacks('an ETag')
      if (operation === 'head' && !headers['content-length']) return lacks('Content-Length')
      return status === 206 && !headers['content-range'] ? lacks('Content-Range') : undefined
    case 'put':
    case 'put-part':
      return headers['etag'] ? undefined : lacks('an ETag')
    case 'delete':
      // Some servers answer 200 with an empty body.
      if (status === 204 || headers['content-length'] === '0') return undefined
      return `HTTP ${status} with a body for a delete`
    case 'delete-many':
    case 'list':
    case 'start-upload':
    case 'complete-upload':
      return status === 200 ? undefined : `HTTP ${status} for a document`
    default:
      return operation satisfies never
  }
}

function isWebPage(status: number, headers: S3Answer['headers']): boolean {
  if (status >= 500 && status !== 511) return false
  // Without a body, the content type means nothing.
  if (status === 204 || headers['content-length'] === '0') return false
  if (LATER.has(status) || headers['etag'] || headers['x-amz-bucket-region']) return false
  return /^(?:text\/html|application\/xhtml)/i.test(headers['content-type'] ?? '')
}

const ROOTS: Readonly<Partial<Record<S3Operation, string>>> = {
  list: 'ListBucketResult',
  'delete-many': 'DeleteResult',
  'start-upload': 'InitiateMultipartUploadResult',
  'complete-upload': 'CompleteMultipartUploadResult',
}

/** Returns true if a successful response contains a document. */
export function hasDocument(operation: S3Operation): boolean {
  return ROOTS[operation] !== undefined
}

/**
 * Returns why the body of a successful response is not the document asked for; `undefined` if it
 * is, or if it is an error document.
 */
export function documentProblem(operation: S3Operation, body: Uint8Array): string | undefined {
  const wanted = ROOTS[operation]
  if (wanted === undefined) return undefined
  const head = new TextDecoder().decode(body.subarray(0, 1024))
  const [, root] = /^\s*(?:<\?[^>]*>\s*)?<(?:\w+:)?(\w+)[\s/>]/.exec(head) ?? []
  // Some servers name the document after the response, such as moto.
  if (root?.replace(/Response$/, 'Result') === wanted || root === 'Error') return undefined
  return root === undefined ? 'a body that is not XML' : `a document <${root}> for <${wanted}>`
}
