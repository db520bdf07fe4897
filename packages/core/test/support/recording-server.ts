import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'

/** A request that arrived, with its body. */
export interface RecordedRequest {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

/** A response with an error of S3. */
export interface RecordingAnswer {
  readonly status: number
  readonly code: string
  readonly message?: string
  readonly headers?: Record<string, string>
}

/**
 * A server that stores nothing, answers like S3 whatever it is asked, and keeps the requests;
 * `refuse` may answer one with an error. It stops with the test.
 */
export async function startRecordingServer(
  t: TestContext,
  refuse: (request: RecordedRequest) => RecordingAnswer | undefined = () => undefined,
  tls?: { readonly cert: string; readonly key: string },
): Promise<{ endpoint: string; requests: RecordedRequest[] }> {
  const requests: RecordedRequest[] = []
  const serve = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    const pieces: Buffer[] = []
    incoming.on('data', (piece: Buffer) => pieces.push(piece))
    incoming.on('end', () => {
      const { method = '', url = '', headers } = incoming
      const request = { method, url, headers, body: Buffer.concat(pieces) }
      requests.push(request)
      const refused = refuse(request)
      if (refused === undefined) answerAsS3(request, outgoing)
      else {
        outgoing.writeHead(refused.status, {
          'content-type': 'application/xml',
          ...refused.headers,
        })
        const { code, message = code } = refused
        outgoing.end(`<Error><Code>${code}</Code><Message>${message}</Message></Error>`)
      }
    })
  }
  const server = tls === undefined ? createServer(serve) : createTlsServer({ ...tls }, serve)
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const scheme = tls === undefined ? 'http' : 'https'
  return { endpoint: `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`, requests }
}

function answerAsS3({ method, url }: RecordedRequest, outgoing: ServerResponse): void {
  const { searchParams } = new URL(url, 'http://x')
  const xml = (text: string): void => {
    outgoing.setHeader('content-type', 'application/xml')
    outgoing.end(`<?xml version="1.0"?>${text}`)
  }
  outgoing.setHeader('etag', '"x"')
  if (method === 'DELETE') outgoing.writeHead(204).end()
  else if (searchParams.has('list-type')) {
    xml(
      '<ListBucketResult><Name>b</Name><IsTruncated>false</IsTruncated><Contents><Key>p/x</Key>' +
        '<Size>1</Size><LastModified>2026-01-01T00:00:00Z</LastModified></Contents></ListBucketResult>',
    )
  } else if (searchParams.has('delete')) {
    xml('<DeleteResult><Deleted><Key>p/x</Key></Deleted></DeleteResult>')
  } else if (searchParams.has('uploads')) {
    xml('<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>')
  } else if (method === 'POST') xml('<CompleteMultipartUploadResult/>')
  else if (method === 'GET') outgoing.end('x')
  else outgoing.writeHead(200, { 'content-length': '0' }).end()
}
