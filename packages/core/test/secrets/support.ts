import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'

/** Secrets nobody else's text has; every part of them counts, encoded as requests encode them as well. */
export const SECRETS = {
  accessKeyId: 'AKIAHUSHKEYID0000001',
  secretAccessKey: 'hush/secret+access=key-41c7',
  sessionToken: 'hush-session-token-9d02==',
  password: 'hush-password-5e3a',
  variable: 'hush-variable-b77f',
} as const

const NEEDLES = Object.values(SECRETS).flatMap((secret) => [
  secret,
  encodeURIComponent(secret),
  Buffer.from(secret).toString('base64'),
])

/** Fails if a secret is to be seen. */
export function assertNoSecrets(text: string, where: string): void {
  for (const needle of NEEDLES) {
    const at = text.indexOf(needle)
    if (at === -1) continue
    assert.fail(`${where} shows ${needle}: …${text.slice(Math.max(0, at - 200), at + 100)}…`)
  }
}

/** Whatever anybody could log of a value: message, stack, causes, details, hidden members. */
export function shown(value: unknown): string {
  const seen = new Set<unknown>()
  const parts: string[] = []
  const visit = (one: unknown): void => {
    if (one === null || (typeof one !== 'object' && typeof one !== 'function') || seen.has(one)) {
      parts.push(String(one))
      return
    }
    seen.add(one)
    parts.push(
      inspect(one, { depth: 12, showHidden: true, maxStringLength: null, maxArrayLength: null }),
    )
    if (!(one instanceof Error)) return
    parts.push(String(one), one.message, String(one.stack))
    for (const key of Reflect.ownKeys(one)) visit(Reflect.get(one, key))
  }
  visit(value)
  return parts.join('\n')
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void

const xml = (status: number, body: string): Answer => {
  return (_request, response) => {
    response
      .writeHead(status, { 'content-type': 'application/xml' })
      .end(`<?xml version="1.0"?>${body}`)
  }
}
const header = (request: IncomingMessage, name: string): string => String(request.headers[name])

/** Ways in which storage answers badly, many of them repeating what it was asked. */
export const BAD_ANSWERS: Readonly<Record<string, Answer>> = {
  'a wrong signature, with the request that was signed': (request, response) => {
    const token = header(request, 'x-amz-security-token')
    const body =
      '<Error><Code>SignatureDoesNotMatch</Code><Message>The request signature we calculated does not match for ' +
      `${SECRETS.accessKeyId} and ${token}</Message><AWSAccessKeyId>${SECRETS.accessKeyId}</AWSAccessKeyId>` +
      `<CanonicalRequest>x-amz-security-token:${token}\n${header(request, 'authorization')}</CanonicalRequest></Error>`
    response.writeHead(403, { 'content-type': 'application/xml' }).end(body)
  },
  'an expired token, repeated': (request, response) => {
    const token = header(request, 'x-amz-security-token')
    const body = `<Error><Code>ExpiredToken</Code><Message>${token} has expired</Message><Token-0>${token}</Token-0></Error>`
    response.writeHead(400, { 'content-type': 'application/xml' }).end(body)
  },
  'access denied': xml(403, '<Error><Code>AccessDenied</Code><Message>no</Message></Error>'),
  'no bucket': xml(404, '<Error><Code>NoSuchBucket</Code><Message>no</Message></Error>'),
  'an internal error': xml(500, '<Error><Code>InternalError</Code><Message>no</Message></Error>'),
  'a page that echoes the request': (request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' })
    response.end(`<html>${JSON.stringify(request.headers)} ${request.url}</html>`)
  },
  'another place, with the request in its URL': (request, response) => {
    const token = encodeURIComponent(header(request, 'x-amz-security-token'))
    response.writeHead(307, { location: `http://127.0.0.1:1/?token=${token}` }).end()
  },
  'a broken connection': (request) => {
    request.socket.destroy()
  },
  'half an answer': (_request, response) => {
    response.writeHead(200, { 'content-length': '1000' }).write('half')
    response.socket?.end()
  },
  'nothing at all': () => {},
}

export interface BadServer extends AsyncDisposable {
  readonly endpoint: string
  answer: Answer
}

export async function startBadServer(): Promise<BadServer> {
  const bad = { answer: BAD_ANSWERS['access denied']! }
  const server = createServer((request, response) => {
    request.resume()
    bad.answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return Object.assign(bad, {
    endpoint: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  })
}
