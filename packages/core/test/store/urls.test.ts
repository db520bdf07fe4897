import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import fc from 'fast-check'
import {
  formatDbPath,
  isBelow,
  joinUrl,
  lastSegment,
  parseS3Url,
  schemeOf,
  shardUrl,
  validateDbPathTemplate,
  validatePrefix,
  validateRunId,
  validateSegment,
} from '#dist/store/urls.js'
import { attemptFolder } from '#dist/snapshot/layout.js'

const vectors = JSON.parse(
  await readFile(new URL('../../test/golden/vectors.json', import.meta.url), 'utf8'),
)
const invalid = (peer: string) => (error: unknown) => {
  const { code, details } = error as { code: string; details: { peer: string } }
  assert.deepEqual([code, details.peer], ['SHARD_INVALID_OPTION', peer])
  return true
}

test('parseS3Url: agrees with the peer on the vectors', () => {
  // Stricter on purpose (wire-format §1.6): the peer strips blanks in front.
  const stricter = new Set([' s3://b/k'])
  for (const { url, ok, result } of vectors.parse_s3_url) {
    if (ok && !stricter.has(url)) {
      const { bucket, key } = parseS3Url(url)
      assert.deepEqual([bucket, key], result, url)
    } else {
      assert.throws(() => parseS3Url(url), invalid('ValueError'), url)
    }
  }
})

test('parseS3Url: takes nothing the peer would cut or repair', () => {
  for (const url of [
    'S3://b/k',
    's3://b/k?x=1',
    's3://b/k#f',
    's3://b//',
    's3://b/k\n',
    's3://b/\ud800',
  ]) {
    assert.throws(() => parseS3Url(url), invalid('ValueError'), url)
  }
  assert.deepEqual(parseS3Url('s3://b//k/'), { bucket: 'b', key: 'k/' })
  assert.throws(
    () => parseS3Url('http://user:secret@host/x?sig=secret'),
    (error: Error) => {
      assert.doesNotMatch(error.message, /secret/)
      return true
    },
  )
})

test('validatePrefix: agrees with the peer on the vectors', () => {
  // Stricter on purpose (wire-format §1.6): the peer lower-cases the scheme, strips blanks in front, and
  // cuts the key at "?" and "#", so what is configured and what is written would differ.
  const stricter = new Set(['S3://b/k', ' s3://b/k', 's3://b/k?x=1', 's3://b/k#f'])
  for (const { url, ok } of vectors.validate_s3_prefix) {
    if (ok && !stricter.has(url)) {
      assert.equal(validatePrefix(url, 'test', { existing: true }), url)
    } else assert.throws(() => validatePrefix(url, 'test'), invalid('ConfigValidationError'), url)
  }
})

test('validatePrefix: refuses credentials in an s3:// URL without repeating them', () => {
  assert.throws(
    () => validatePrefix('s3://key:secret@bucket/path', 'test'),
    (error: Error) => /credentials/.test(error.message) && !error.message.includes('secret'),
  )
})

test('validatePrefix: gives the canonical form', () => {
  for (const [prefix, canonical] of [
    ['s3://b/p//', 's3://b/p'],
    ['s3://B/100%/', 's3://B/100%'],
    ['file:/data/', 'file:///data'],
    ['file:/C:/data', 'file:///C:/data'],
    ['file:///data/', 'file:///data'],
    ['file:///a b/é/a%20b/C:', 'file:///a b/é/a%20b/C:'],
    ['file:///C:/data', 'file:///C:/data'],
    ['memory://name', 'memory://name'],
    ['memory://name/', 'memory://name'],
    ['memory://name/a/b', 'memory://name/a/b'],
    [pathToFileURL('/a b/é#?%').href, pathToFileURL('/a b/é#?%').href],
  ] as const) {
    assert.equal(validatePrefix(prefix, 'test'), canonical)
  }
})

test('validatePrefix: says what to write instead', () => {
  for (const [prefix, advice] of [
    ['/data/snapshots', /pathToFileURL\(path\)\.href/],
    ['data/snapshots', /file:\/\/\/…/],
    ['C:\\data', /pathToFileURL/],
    ['file:data', /three slashes/],
    ['file:/', /add a path/],
    ['file:/a/../b', /segments/],
    ['s3:/bucket/prices', /write two slashes: "s3:\/\/bucket\/prices" \(path\.join/],
    ['s3:bucket/prices', /write two slashes: "s3:\/\/bucket\/prices"/],
    ['S3:\\bucket\\prices', /write two slashes: "s3:\/\/bucket\/prices"/],
    ['memory:/name', /write two slashes: "memory:\/\/name"/],
    ['https:/host/x', /write two slashes: "https:\/\/host\/x"/],
    ['s3://b/pct%41', /decode it, and would look for shards elsewhere/],
    ['s3://b/a%2fb', /two hexadecimal digits/],
    ['memory://n/a%20b', /two hexadecimal digits/],
    ['file://data/x', /three slashes/],
    ['file://localhost/x', /three slashes/],
    ['file:///', /add a path/],
    ['file:///a/../b', /segments/],
    ['file:///a/%2E%2e/b', /segments/],
    ['file:///a\\..\\b', /backslash/],
    ['file:///a%zz', /%25/],
    ['file:///a%2fb', /%2F/],
    ['file:///a ', /%20/],
    ['file:///c|/x', /drive/],
    ['s3://b', /add a path/],
    ['s3:///k', /name the bucket/],
    ['s3://b/a//b', /segments/],
    ['s3://b/a/../b', /segments/],
    ['s3://b/a\tb', /control/],
    ['s3://b/\udc00', /surrogates/],
    ['S3://b/k', /lower case: s3:\/\//],
    ['memory://', /memory:\/\/name/],
    ['memory:///x', /memory:\/\/name/],
    ['memory://n/a?b', /"\?"/],
    ['gs://b/k', /gs:\/\/ is not supported/],
  ] as const) {
    assert.throws(
      () => validatePrefix(prefix, 'SnapshotReader.open'),
      { message: advice, code: 'SHARD_INVALID_OPTION' },
      prefix,
    )
  }
  assert.throws(
    () => validatePrefix(undefined as unknown as string, 'open'),
    /^ShardyfusionError: open: prefix must be .* got undefined/,
  )
})

test('validatePrefix: takes a prefix with an escape where nothing new is written', () => {
  for (const use of [{ reading: true }, { existing: true }]) {
    assert.equal(validatePrefix('s3://b/pct%41', 'test', use), 's3://b/pct%41')
  }
})

test('run ids and templates: an escape is refused with the reason', () => {
  const reason = /"%" \(engines differ in decoding it\)/
  assert.throws(() => validateRunId('run%41', 'runId'), { message: reason })
  assert.throws(() => validateDbPathTemplate('db%41={db_id}', 'template'), { message: reason })
})

test('messages about a prefix: repeat no user info, however it is written', () => {
  for (const prefix of [
    's3://AKIA:hush/hu+sh@bucket/path',
    's3:/AKIA:hush@bucket/path',
    'https://user:hush@host/x@y',
    'AKIA:hush@bucket',
    'gs://hush@bucket/x',
  ]) {
    assert.throws(
      () => validatePrefix(prefix, 'open', { reading: true }),
      (error: Error) => !error.message.includes('hush') && error.message.includes('***@'),
      prefix,
    )
  }
})

test('validatePrefix: takes http(s):// prefixes for reading only', () => {
  const reading = { reading: true }
  for (const [prefix, canonical] of [
    ['https://host/path/', 'https://host/path'],
    ['http://127.0.0.1:8080/a b/c', 'http://127.0.0.1:8080/a b/c'],
    ['https://host', 'https://host'],
    ['s3://b/p/', 's3://b/p'],
  ] as const) {
    assert.equal(validatePrefix(prefix, 'test', reading), canonical)
  }
  for (const [prefix, advice] of [
    ['https://', /name the host/],
    ['https://key:secret@host/path', /credentials/],
    ['https://host/a/../b', /segments/],
    ['https://host/a?b', /"\?"/],
    ['HTTPS://host/a', /lower case: https:\/\//],
  ] as const) {
    assert.throws(
      () => validatePrefix(prefix, 'test', reading),
      { message: advice, code: 'SHARD_INVALID_OPTION' },
      prefix,
    )
  }
  assert.throws(() => validatePrefix('https://host/path', 'writeSnapshot'), {
    code: 'SHARD_INVALID_OPTION',
    message: /https:\/\/ can only be read/,
  })
})

test('joinUrl: agrees with the peer on the vectors', () => {
  for (const { args, result } of vectors.join_s3) {
    const [base, ...parts] = args as [string, ...string[]]
    assert.equal(joinUrl(base, ...parts), result)
  }
  assert.equal(joinUrl('s3://b/p', '/'), 's3://b/p')
})

test('validateSegment: agrees with the peer on the vectors', () => {
  // Stricter on purpose: with "." the shard URLs would hold a segment that `isBelow` and file URLs do not have.
  const stricter = new Set(['.'])
  for (const { value, ok } of vectors.validate_segment) {
    if (ok && !stricter.has(value)) assert.equal(validateSegment(value, 'shardPrefix'), value)
    else
      assert.throws(
        () => validateSegment(value, 'shardPrefix'),
        invalid('ConfigValidationError'),
        value,
      )
  }
  for (const value of ['', 'a/b', 'a\\b', 'a\n']) {
    assert.throws(() => validateSegment(value, 'shardPrefix'), invalid('ConfigValidationError'))
  }
})

test('shardUrl: agrees with the peer on the vectors', () => {
  for (const v of vectors.shard_url) {
    const url = shardUrl({
      prefix: v.s3_prefix,
      shardPrefix: v.shard_prefix,
      runId: v.run_id,
      dbPathTemplate: v.db_path_template,
      dbId: v.db_id,
      attempt: v.attempt,
    })
    assert.equal(url, v.result)
    assert.ok(isBelow(url, v.s3_prefix))
    assert.equal(lastSegment(url), attemptFolder(v.attempt))
  }
})

test('formatDbPath: the fields and doubled braces of str.format', () => {
  for (const [template, id, expected] of [
    ['{db_id}', 0, '0'],
    ['{db_id:d}', 42, '42'],
    ['db={db_id:05d}', 123456, 'db=123456'],
    ['{{{db_id:02d}}}', 3, '{03}'],
    ['{{db_id}}={db_id}', 1, '{db_id}=1'],
    ['{db_id}/{db_id:03d}', 7, '7/007'],
    ['é b/{db_id:012d}', 7, 'é b/000000000007'],
  ] as const) {
    assert.equal(formatDbPath(template, id), expected)
  }
})

test('validateDbPathTemplate: refuses other templates and those that cannot be path segments', () => {
  const wrong = [
    'db',
    '{{db_id}}',
    '',
    '{}',
    '{0}',
    '{db_id',
    'db_id}',
    '{db_id:x}',
    '{db_id:5d}',
    '{db_id:00d}',
    '{db_id!r}',
    '{db_id:0999999999d}',
    '{db_id} {other}',
    '{db_id}{',
    '{db_id}}',
    '/{db_id}',
    '{db_id}/',
    'a//{db_id}',
    '../{db_id}',
    './{db_id}',
    '{db_id}?x',
    '{db_id}#',
    '%2e/{db_id}',
    'a\\{db_id}',
    '{db_id}\n',
    'a /{db_id}',
  ]
  for (const template of wrong) {
    assert.throws(
      () => validateDbPathTemplate(template, 'dbPathTemplate'),
      invalid('ConfigValidationError'),
      template,
    )
    assert.throws(() => formatDbPath(template, 1), invalid('ConfigValidationError'), template)
  }
})

test('validateRunId: one segment that reads back the same', () => {
  for (const id of [
    'r',
    '0b61375ddb824872a6477bba53c30dd1',
    'nightly 2026-01-02',
    'é',
    'a=b',
    '...',
    'a.b',
  ]) {
    assert.equal(validateRunId(id, 'runId'), id)
  }
  for (const id of [
    '',
    '.',
    '..',
    'a/b',
    'a?',
    'a#',
    'a%20',
    'a\\b',
    'a\tb',
    'a\x7f',
    ' a',
    'a ',
    '\ud800',
  ]) {
    assert.throws(() => validateRunId(id, 'runId'), invalid('ConfigValidationError'), id)
  }
})

test('attemptFolder: two digits or more', () => {
  assert.deepEqual([0, 9, 10, 99, 100].map(attemptFolder), [
    'attempt=00',
    'attempt=09',
    'attempt=10',
    'attempt=99',
    'attempt=100',
  ])
})

test('isBelow: whole segments only', () => {
  assert.ok(isBelow('s3://b/p/x', 's3://b/p'))
  assert.ok(isBelow('s3://b/p/x/y z/é', 's3://b/p/'))
  for (const url of [
    's3://b/p',
    's3://b/p/',
    's3://b/pp/x',
    's3://b/p//x',
    's3://b/p/x/',
    's3://b/P/x',
    's3://c/p/x',
  ]) {
    assert.ok(!isBelow(url, 's3://b/p'), url)
  }
})

test('isBelow: no hostile spelling climbs out', () => {
  const climbs = [
    '..',
    '.',
    'x/../../y',
    '%2e%2e/y',
    '.%2E/y',
    '%2E./y',
    '..\\y',
    '..\\..\\y',
    '.\t./y',
    '.\n./y',
    '\x00',
    'x?/y',
    'x#/y',
    '\ud800',
    '.. ',
    ' ',
    'x/. ',
  ]
  for (const path of climbs) assert.ok(!isBelow(`file:///data/p/${path}`, 'file:///data/p'), path)
})

test('isBelow: what it admits stays below when a URL parser has read it', () => {
  const nasty = fc.constantFrom(
    '.',
    '..',
    '%2e',
    '%2E',
    '%',
    '\\',
    '/',
    '\t',
    '\n',
    ' ',
    'a',
    'é',
    '?',
    '#',
    'c|',
    ':',
    '@',
  )
  fc.assert(
    fc.property(
      fc.array(nasty, { maxLength: 8 }).map((parts) => parts.join('')),
      (path) => {
        const url = `file:///data/p/${path}`
        if (isBelow(url, 'file:///data/p')) assert.match(new URL(url).pathname, /^\/data\/p\/./)
      },
    ),
    { numRuns: 2000 },
  )
})

test('schemeOf and lastSegment: the ends of a URL', () => {
  assert.deepEqual(['s3://b/k', 'memory://n', '/x', 'c:\\x', 'file:/x'].map(schemeOf), [
    's3',
    'memory',
    undefined,
    undefined,
    undefined,
  ])
  assert.deepEqual(['s3://b/a/k', 's3://b/a/k//', 'memory://n'].map(lastSegment), ['k', 'k', 'n'])
})
