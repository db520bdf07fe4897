import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { isShardyfusionError } from '@shardyfusion/core'
import {
  decodeCurrentPointer,
  encodeCurrentPointer,
  type CurrentPointer,
} from '#dist/snapshot/catalog/current-pointer.js'
import { parseTimestamp } from '#dist/text/timestamps.js'
import { golden, vectors } from '../../support/golden.js'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const sound = {
  format_version: 1,
  manifest_content_type: 'application/x-sqlite3',
  manifest_ref: 's3://b/p/manifests/2026-01-02T03:04:05.000006Z_run_id=r/manifest',
  run_id: 'r',
  updated_at: '2026-01-02T03:04:05.000006Z',
}

interface PointerVector {
  label: string
  text: string
  ok: boolean
  result?: { ref: string; run_id: string; published_at: string }
}

const cases = vectors<PointerVector[]>('current_pointer_parse')
assert.ok(cases.length >= 9)
for (const { label, text, ok, result } of cases) {
  test(`decodeCurrentPointer: as the reference: ${label}`, () => {
    if (!ok) {
      return assert.throws(() => decodeCurrentPointer(bytes(text), 'test'), {
        code: 'SHARD_MANIFEST',
        message: /^test: /,
      })
    }
    const pointer = decodeCurrentPointer(bytes(text), 'test')
    assert.equal(pointer.manifestRef, result!.ref)
    assert.equal(pointer.runId, result!.run_id)
    assert.equal(parseTimestamp(pointer.updatedAt), parseTimestamp(result!.published_at))
  })
}

const written = [
  'current/current.json',
  ...readdirSync(new URL('../../../test/golden/bucket/', import.meta.url)).map(
    (name) => `bucket/${name}/_CURRENT`,
  ),
]
for (const path of written) {
  test(`encodeCurrentPointer: writes the very bytes of ${path}`, () => {
    const pointer = decodeCurrentPointer(golden(path), 'test')
    assert.ok(pointer.manifestRef.endsWith(`_run_id=${pointer.runId}/manifest`))
    assert.deepEqual(encodeCurrentPointer(pointer), golden(path))
  })
}

test('encodeCurrentPointer, then decodeCurrentPointer: gives the same pointer, in ASCII', () => {
  const text = fc.string({ unit: 'binary', minLength: 1 })
  const pointer = fc.record(
    {
      manifestRef: text,
      manifestContentType: text,
      runId: text,
      updatedAt: fc.constantFrom('2026-01-02T03:04:05Z', '2026-01-02T05:04:05.25+02:00'),
      formatVersion: fc.maxSafeInteger(),
    },
    { noNullPrototype: true },
  )
  fc.assert(
    fc.property(pointer, (value: CurrentPointer) => {
      const encoded = encodeCurrentPointer(value)
      assert.ok(encoded.every((byte) => byte < 0x80))
      assert.deepEqual(decodeCurrentPointer(encoded, 'test'), value)
    }),
  )
})

const changes: [object, boolean | RegExp][] = [
  [{ extra: [1] }, true],
  [{ format_version: '2' }, true],
  [{ updated_at: 1767323045 }, true],
  [{ format_version: null }, /format_version must be an integer, got null/],
  [{ format_version: 1.5 }, /format_version must be an integer, got 1\.5/],
  [{ manifest_content_type: null }, /manifest_content_type must be text, got null/],
  [{ manifest_ref: '' }, /manifest_ref must be text, got ""/],
  [{ manifest_ref: 7 }, /manifest_ref must be text, got 7/],
  [{ run_id: {} }, /run_id must be text/],
  [{ updated_at: 'soon' }, /updated_at must be a timestamp, got "soon"/],
]
for (const [change, expected] of changes) {
  test(`decodeCurrentPointer: ${expected === true ? 'takes' : 'refuses'} ${JSON.stringify(change)}`, () => {
    const decode = (): CurrentPointer =>
      decodeCurrentPointer(bytes(JSON.stringify({ ...sound, ...change })), 'test')
    if (expected === true) assert.equal(decode().runId, 'r')
    else {
      assert.throws(decode, { code: 'SHARD_MANIFEST', message: expected as RegExp })
      assert.throws(decode, { message: /; publish again, or roll back to a run by its id, / })
    }
  })
}

test('decodeCurrentPointer: any bytes give a pointer or SHARD_MANIFEST', () => {
  const decode = (content: Uint8Array): void => {
    try {
      decodeCurrentPointer(content, 'test')
    } catch (error) {
      assert.ok(
        isShardyfusionError(error) &&
          error.code === 'SHARD_MANIFEST' &&
          error.details.peer === 'ManifestParseError',
      )
    }
  }
  const text = JSON.stringify(sound)
  fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), decode))
  fc.assert(
    fc.property(fc.nat(text.length), fc.string(), (at, part) =>
      decode(bytes(text.slice(0, at) + part + text.slice(at))),
    ),
  )
  for (const content of [
    bytes(`\ufeff${text}`),
    bytes(`${text}${' '.repeat(70_000)}`),
    Uint8Array.of(0xff),
  ]) {
    assert.throws(() => decodeCurrentPointer(content, 'test'), { code: 'SHARD_MANIFEST' })
  }
})
