import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import { test } from 'node:test'
import { SignatureV4 } from '@smithy/signature-v4'
import fc from 'fast-check'
import { hmacSha256, sha256 } from '#dist/store/s3/wire/digests-portable.js'
import { encodeKey, encodeQuery } from '#dist/store/s3/wire/bucket-address.js'
import { RequestSigner } from '#dist/store/s3/wire/sign-request.js'

/** The hash of the AWS SDK's signer: HMAC if it gets a key. */
class Sha256 {
  readonly #hash: ReturnType<typeof createHash> | ReturnType<typeof createHmac>

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash =
      secret === undefined ? createHash('sha256') : createHmac('sha256', secret as Uint8Array)
  }
  update(data: string | Uint8Array): void {
    this.#hash.update(data)
  }
  digest(): Promise<Uint8Array> {
    return Promise.resolve(new Uint8Array(this.#hash.digest()))
  }
  reset(): void {}
}

const AT = new Date('2026-11-28T20:15:30.123Z')
const segment = fc.oneof(
  fc.constantFrom(
    '.',
    '..',
    '',
    '%',
    '%2F',
    '%2e%2e',
    '+',
    'a b',
    '~',
    "!'()*",
    '日本',
    '&=?#',
    '😀',
  ),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
)
const token = fc.stringMatching(/^[\x21-\x7e]{1,20}$/)

test('a signature is that of the AWS SDK, whatever key, query and headers contain', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(segment, { minLength: 1, maxLength: 5 }),
      fc.dictionary(
        fc.stringMatching(/^[a-z-]{1,8}$/),
        fc.string({ unit: 'grapheme', maxLength: 8 }),
      ),
      fc.dictionary(
        fc.stringMatching(/^x-amz-meta-[a-z]{1,5}$/),
        fc.stringMatching(/^[a-z  ]{0,9}$/),
      ),
      fc.uint8Array({ maxLength: 40 }),
      fc.record({ id: token, secret: token, session: fc.option(token, { nil: undefined }) }),
      async (segments, query, headers, body, { id, secret, session }) => {
        const key = segments.join('/')
        const keys = { accessKeyId: id, secretAccessKey: secret, sessionToken: session }
        const path = `/bucket/${encodeKey(key)}`
        const all = { host: 'h:9000', 'content-type': 'x/y', range: 'bytes=0-9', ...headers }
        const request = { method: 'PUT', path, query: encodeQuery(query), headers: all, body }
        const ours = await new RequestSigner('eu-west-3').sign(request, keys, AT)
        const theirs = await new SignatureV4({
          service: 's3',
          region: 'eu-west-3',
          credentials: { ...keys, sessionToken: session! },
          sha256: Sha256,
          uriEscapePath: false,
          applyChecksum: true,
        }).sign(
          { method: 'PUT', protocol: 'http:', hostname: 'h', path, query, headers: all, body },
          { signingDate: AT },
        )
        assert.equal(ours['authorization'], theirs.headers['authorization'])
      },
    ),
    { numRuns: 300 },
  )
})

test('a key is encoded once, and comes back as it was', () => {
  fc.assert(
    fc.property(fc.array(segment, { minLength: 1 }), (segments) => {
      const key = segments.join('/')
      const encoded = encodeKey(key)
      assert.match(encoded, /^(?:[A-Za-z0-9._~/-]|%[0-9A-F]{2})*$/)
      assert.equal(decodeURIComponent(encoded), key)
    }),
  )
  assert.equal(encodeKey('a+b/%2F/ü/../x y'), 'a%2Bb/%252F/%C3%BC/../x%20y')
})

test('the key of a day is derived anew for another day and other keys', async () => {
  const signer = new RequestSigner('r')
  const request = { method: 'GET', path: '/', query: '', headers: { host: 'h' }, body: undefined }
  const sign = async (secret: string, at: Date): Promise<string> => {
    const keys = { accessKeyId: 'a', secretAccessKey: secret }
    const { authorization = '' } = await signer.sign(request, keys, at)
    const alone = await new RequestSigner('r').sign(request, keys, at)
    assert.equal(authorization, alone['authorization'])
    return authorization
  }
  const tomorrow = new Date(AT.getTime() + 86_400_000)
  const all = [
    await sign('s', AT),
    await sign('s', tomorrow),
    await sign('t', tomorrow),
    await sign('s', AT),
  ]
  assert.equal(new Set(all).size, 3)
})

test('WebCrypto gives the digests of Node', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1 }), fc.string(), async (bytes, text) => {
      const hash = createHash('sha256').update(bytes).digest('hex')
      assert.equal(Buffer.from(await sha256(bytes)).toString('hex'), hash)
      const mac = createHmac('sha256', bytes).update(text).digest('hex')
      assert.equal(Buffer.from(await hmacSha256(bytes, text)).toString('hex'), mac)
    }),
    { numRuns: 50 },
  )
})
