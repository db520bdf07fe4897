import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parse } from 'yaml'
import type { RunRecord } from '@shardyfusion/core/maintain'
import { decodeRunRecord, encodeRunRecord } from '#dist/snapshot/runs/run-record-yaml.js'
import { golden, vectors } from '../../support/golden.js'
import { rejectsWith } from '@shardyfusion/test-support/throws'
import { runRecord } from './support/records.js'

type Parsed = Record<string, string | number | null>

const decode = (text: string): Promise<RunRecord> =>
  decodeRunRecord(new TextEncoder().encode(text), 'test')
const textOf = (record: RunRecord): string => new TextDecoder().decode(encodeRunRecord(record))

/** The fields as the Python project names them. */
function peerFields(record: RunRecord): Parsed {
  return {
    format_version: record.formatVersion,
    run_id: record.runId,
    writer_type: record.writerType,
    status: record.status,
    started_at: record.startedAt,
    updated_at: record.updatedAt,
    lease_expires_at: record.leaseExpiresAt,
    s3_prefix: record.prefix,
    shard_prefix: record.shardPrefix,
    db_path_template: record.dbPathTemplate,
    manifest_ref: record.manifestRef ?? null,
    error_type: record.errorType ?? null,
    error_message: record.errorMessage ?? null,
  }
}

test('the records of the reference are read as it reads them', async () => {
  const cases = vectors<Record<string, { file: string; parsed: Parsed }>>('run_records')
  assert.deepEqual(Object.keys(cases), ['running', 'succeeded', 'failed'])
  for (const { file, parsed } of Object.values(cases)) {
    const record = await decodeRunRecord(golden(file.replace('fixtures/', '')), file)
    assert.deepEqual(peerFields(record), parsed)
  }
})

test('what is written is read back, also by a parser that knows types', async () => {
  const texts = fc.oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }),
    fc.constantFrom(
      '01234567',
      '1e3',
      'null',
      '~',
      'yes',
      '2026-01-02',
      '- a',
      ': b',
      '\u2028\x85é😀"\\',
    ),
  )
  const records = fc
    .record({ runId: texts, errorMessage: texts, writerType: texts })
    .map((some) => runRecord({ ...some, status: 'failed' }))
  await fc.assert(
    fc.asyncProperty(records, async (record) => {
      const bytes = encodeRunRecord(record)
      assert.deepEqual(await decodeRunRecord(bytes, 'test'), record)
      assert.deepEqual(parse(new TextDecoder().decode(bytes)), peerFields(record))
      assert.ok(bytes.every((byte) => byte === 0x0a || (byte >= 0x20 && byte < 0x7f)))
    }),
  )
})

test('fields are written in order of name, text in quotes', () => {
  assert.equal(
    textOf(runRecord({ runId: '007', manifestRef: undefined })),
    [
      'db_path_template: "db={db_id:05d}"',
      'error_message: null',
      'error_type: null',
      'format_version: 1',
      'lease_expires_at: "2026-01-02T03:14:05Z"',
      'manifest_ref: null',
      'run_id: "007"',
      's3_prefix: "s3://bkt/pre"',
      'shard_prefix: "shards"',
      'started_at: "2026-01-02T03:04:05Z"',
      'status: "running"',
      'updated_at: "2026-01-02T03:04:05Z"',
      'writer_type: "typescript"',
      '',
    ].join('\n'),
  )
})

test('a lone surrogate is written as the replacement character', async () => {
  const record = await decodeRunRecord(
    encodeRunRecord(runRecord({ errorMessage: 'a\ud800b' })),
    'test',
  )
  assert.equal(record.errorMessage, 'a\ufffdb')
})

test('plain text stays text, and only a plain null is none', async () => {
  const plain = textOf(runRecord())
    .replace(/^run_id: .*$/m, 'run_id: 0123')
    .replace(/^error_message: .*$/m, "error_message: 'null'")
    .replace(/^error_type: .*$/m, 'error_type:')
    .replace(/^manifest_ref: .*$/m, 'manifest_ref: ~\nmanifest_ref: s3://later/one')
  const record = await decode(plain)
  assert.equal(record.runId, '0123')
  assert.equal(record.errorMessage, 'null')
  assert.equal(record.errorType, undefined)
  assert.equal(record.manifestRef, 's3://later/one')
})

const BOMB = `a: &a [x,x,x,x,x,x,x,x,x]
b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]
c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]
d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]
`
const good = textOf(runRecord())
const refused: [what: string, text: string, message: RegExp][] = [
  ['nothing', '', /expected a mapping/],
  ['text', 'hello', /expected a mapping/],
  ['a list', '- a\n- b\n', /expected a mapping/],
  ['broken YAML', 'a: [', /expected YAML \(run record\)/],
  ['two documents', `${good}---\n${good}`, /expected YAML/],
  ['aliases of aliases', BOMB + good, /a must be a single value/],
  [
    'an alias',
    good.replace(/^run_id: /m, 'x: &x y\nrun_id: *x\ny: '),
    /run_id must be a single value/,
  ],
  ['nesting without end', `a: ${'['.repeat(60_000)}`, /it is nested/],
  [
    'too many fields',
    Array.from({ length: 900 }, (_, i) => `k${i}: v\n`).join(''),
    /at most 64 fields, got 900/,
  ],
  ['too many bytes', `${good}# ${' '.repeat(70_000)}`, /at most 65536 bytes/],
  ['no run id', good.replace(/^run_id: .*\n/m, ''), /run_id must be text, got undefined/],
  ['a null run id', good.replace(/^run_id: .*$/m, 'run_id: null'), /run_id must be text, got null/],
  [
    'an unknown status',
    good.replace('"running"', '"paused"'),
    /status must be running, succeeded, failed, got "paused"/,
  ],
  [
    'no time',
    good.replace(/^updated_at: .*$/m, 'updated_at: soon'),
    /updated_at must be a timestamp, got "soon"/,
  ],
  [
    'a version that is none',
    good.replace(/^format_version: .*$/m, 'format_version: one'),
    /format_version must be an integer/,
  ],
]

for (const [what, text, message] of refused) {
  test(`decodeRunRecord: refuses ${what}`, async () => {
    const error = await rejectsWith('SHARD_MANIFEST', message, () => decode(text))
    assert.equal(error.details.peer, 'ValueError')
    assert.ok(error.message.startsWith('test: '))
  })
}

test('decodeRunRecord: refuses bytes that are no UTF-8', async () => {
  const bytes = new Uint8Array([...encodeRunRecord(runRecord()), 0xff])
  await rejectsWith('SHARD_MANIFEST', /expected YAML/, () => decodeRunRecord(bytes, 'test'))
})
