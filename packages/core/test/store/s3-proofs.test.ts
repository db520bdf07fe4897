import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answerProblem, documentProblem, type S3Operation } from '#dist/store/s3/s3-answer.js'
import { S3Store } from '#dist/store/s3/s3-store.js'
import { withS3Server } from '../support/s3-server.js'
import { rejectsWith } from '@shardyfusion/test-support/throws'
import { runS3ProofsSuite } from './s3/proofs-suite.js'

const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const htmlPage = { 'content-type': 'text/html', 'content-length': '80' }
const etag = { etag: '"x"' }

for (const [operation, status, headers, problem] of [
  ['put', 200, etag, undefined],
  ['put', 200, { 'content-type': 'application/xml' }, /without an ETag/],
  ['put', 200, htmlPage, /web page/],
  ['get', 200, etag, undefined],
  ['get', 200, { ...htmlPage, ...etag }, undefined],
  ['get', 200, {}, /without an ETag/],
  ['get', 206, { ...etag, 'content-range': 'bytes 0-1/2' }, undefined],
  ['get', 206, etag, /without Content-Range/],
  ['get', 204, etag, /HTTP 204/],
  ['get', 404, htmlPage, /HTTP 404 with a web page/],
  ['head', 200, { ...etag, 'content-length': '3' }, undefined],
  ['head', 200, etag, /without Content-Length/],
  ['head', 404, {}, undefined],
  ['head', 404, { 'content-type': 'text/html', 'content-length': '0' }, undefined],
  ['delete', 204, { 'content-type': 'text/html' }, undefined],
  ['delete', 200, { 'content-length': '0' }, undefined],
  ['delete', 200, {}, /with a body for a delete/],
  ['delete-many', 200, { 'content-type': 'application/xml' }, undefined],
  ['list', 200, htmlPage, /web page/],
  ['list', 503, htmlPage, undefined],
  ['list', 511, htmlPage, /web page/],
  ['put', 429, htmlPage, undefined],
  ['get', 301, { ...htmlPage, 'x-amz-bucket-region': 'r' }, undefined],
] as [S3Operation, number, Record<string, string>, RegExp | undefined][]) {
  test(`an answer to ${operation}: ${status} ${JSON.stringify(headers)} ${problem ? 'proves nothing' : 'can be of S3'}`, () => {
    const found = answerProblem(operation, { status, headers })
    if (problem === undefined) assert.equal(found, undefined)
    else assert.match(found ?? '', problem)
  })
}

for (const [operation, body, problem] of [
  ['list', '<?xml version="1.0"?>\n<ListBucketResult xmlns="x">', undefined],
  ['list', '<ns:ListBucketResult>', undefined],
  ['list', '<Error><Code>', undefined],
  ['list', '<Welcome><Name>b</Name>', /<Welcome> for <ListBucketResult>/],
  ['list', '<!DOCTYPE html><html>', /not XML/],
  ['list', '{"error":1}', /not XML/],
  ['delete-many', '<DeleteResult/>', undefined],
  ['delete-many', '<ListBucketResult>', /for <DeleteResult>/],
  ['delete-many', '', /not XML/],
  ['put', 'anything', undefined],
] as [S3Operation, string, RegExp | undefined][]) {
  test(`a document for ${operation}: ${JSON.stringify(body)} ${problem ? 'is another' : 'can be of S3'}`, () => {
    const found = documentProblem(operation, text(body))
    if (problem === undefined) assert.equal(found, undefined)
    else assert.match(found ?? '', problem)
  })
}

test('S3Store: waits for credentials within a bound', async (t) => {
  const credentials = (): Promise<never> => new Promise(() => {})
  const s3 = { endpoint: 'http://127.0.0.1:1', requestTimeoutMs: 20, maxAttempts: 1, credentials }
  const store = new S3Store({ s3 })
  t.after(() => store.close())
  await rejectsWith('SHARD_STORE', /no credentials within 20 ms/, () =>
    store.engineEnvironment('s3://bucket/x'),
  )
  await rejectsWith('SHARD_STORE', /within 20 ms/, () => store.get('s3://bucket/x'))
})

await withS3Server('S3Store proofs', runS3ProofsSuite)
