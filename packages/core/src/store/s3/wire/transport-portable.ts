import { invalidOption } from '../../../errors/error-factories.js'
import type { S3Connection } from '../connect/s3-connection.js'
import { streamPieces } from '../../transfer/stream-pieces.js'
import { ConnectionProblem, type Transport, type WireAnswer } from './transport-types.js'

export const PLATFORM_ADVICE: string =
  "; in a page, the bucket's CORS rules must allow this origin and expose ETag, Content-Range and x-amz-*"

/** Some edge runtimes lack the option, and refuse it. */
const NO_STORE: RequestInit & { cache?: string } =
  typeof Request === 'function' && 'cache' in Request.prototype ? { cache: 'no-store' } : {}

/** Headers that `fetch` sets. */
const SET_BY_FETCH = new Set(['host', 'content-length', 'user-agent'])

/** Opens the transport of one connection, over `fetch`. Errors: SHARD_INVALID_OPTION. */
export function openTransport({ proxy, verifyTls }: S3Connection): Transport {
  if (typeof proxy === 'string' || !verifyTls) {
    const name = verifyTls ? 's3.proxy' : 's3.verifyTls: false'
    throw invalidOption('openTransport', `${name} needs Node.js; leave it out`)
  }
  return {
    async send({ method, origin, path, headers, body }, signal) {
      const url = new URL(path, origin)
      if (url.pathname + url.search !== path) {
        throw new TypeError(
          'a key with "." or ".." between slashes cannot be sent outside of Node.js',
        )
      }
      const sent = Object.entries(headers).filter(([name]) => !SET_BY_FETCH.has(name))
      let answer: Response
      try {
        answer = await fetch(url, {
          method,
          headers: Object.fromEntries(sent),
          // Types of older platforms lack views of shared memory.
          ...(body !== undefined && { body: body as Uint8Array<ArrayBuffer> }),
          redirect: 'manual',
          signal,
          ...NO_STORE,
        } as RequestInit)
      } catch (error) {
        signal.throwIfAborted()
        const { message, cause } = error as Error
        throw new ConnectionProblem(message, { cause })
      }
      return wireAnswer(answer)
    },
    close: () => {},
  }
}

function wireAnswer(answer: Response): WireAnswer {
  const discard = (): void => void answer.body?.cancel().catch(() => {})
  return {
    status: answer.status,
    headers: Object.fromEntries(answer.headers),
    body: piecesOf(answer.body),
    discard,
  }
}

/** Reads a body; a failure in the middle is a problem of the connection. */
async function* piecesOf(
  body: ReadableStream<Uint8Array> | null,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* streamPieces(body)
  } catch (error) {
    throw new ConnectionProblem((error as Error).message, { cause: error })
  }
}
