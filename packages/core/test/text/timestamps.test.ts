import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  formatKeyTimestamp,
  formatTextTimestamp,
  nowMicros,
  parseTimestamp,
  tryParseTimestamp,
} from '#dist/text/timestamps.js'
import { vectors } from '../support/golden.js'

const anyMicros = fc.bigInt({ min: -62_135_596_800_000_000n, max: 253_402_300_799_999_999n })

test('formatKeyTimestamp: six fraction digits, as the reference', () => {
  const cases = vectors<{ epoch_us: string; result: string }[]>('manifest_timestamp')
  assert.ok(cases.length > 0)
  for (const { epoch_us: micros, result } of cases)
    assert.equal(formatKeyTimestamp(BigInt(micros)), result)
})

test('timestamps: what is formatted parses to the same microsecond, over all years', () => {
  fc.assert(
    fc.property(anyMicros, (micros) => {
      assert.equal(parseTimestamp(formatKeyTimestamp(micros)), micros)
      assert.equal(parseTimestamp(formatTextTimestamp(micros)), micros)
    }),
  )
})

test('formatKeyTimestamp: names sort as their times', () => {
  fc.assert(
    fc.property(anyMicros, anyMicros, (a, b) => {
      assert.equal(formatKeyTimestamp(a) < formatKeyTimestamp(b), a < b)
    }),
  )
})

test('formatTextTimestamp: the fraction is left out when there is none', () => {
  assert.equal(formatTextTimestamp(1_767_323_045_000_000n), '2026-01-02T03:04:05Z')
  assert.equal(formatTextTimestamp(1_767_323_045_000_006n), '2026-01-02T03:04:05.000006Z')
})

test('formatKeyTimestamp: refuses years Python has not', () => {
  assert.throws(() => formatKeyTimestamp(253_402_300_800_000_000n), { code: 'SHARD_INVALID_VALUE' })
})

test('parseTimestamp: takes every form the reference takes', () => {
  const second = 1_767_323_045_000_000n
  const cases: [string, bigint][] = [
    ['2026-01-02T03:04:05Z', second],
    ['2026-01-02 03:04:05', second],
    ['2026-01-02T03:04:05.5Z', second + 500_000n],
    ['2026-01-02T03:04:05.123456789Z', second + 123_456n],
    ['2026-01-02T05:04:05+02:00', second],
    ['2026-01-01T22:34:05-0430', second],
    ['2026-01-02T03:04Z', second - 5_000_000n],
    ['2026-01-02', second - 11_045_000_000n],
    ['1767323045', second],
    ['1767323045.000006', second + 6n],
    ['1767323045000', second],
    ['1767323045000.25', second + 250n],
    ['-1.5', -1_500_000n],
    ['0001-01-01T00:00:00Z', -62_135_596_800_000_000n],
  ]
  for (const [text, micros] of cases) assert.equal(parseTimestamp(text), micros, text)
})

test('parseTimestamp: refuses what is no time', () => {
  const cases = [
    '',
    'nope',
    '2026-13-01',
    '2026-02-29',
    '2026-01-02T24:00:00Z',
    '2026-01-02T03:60:00Z',
    '2026-01-02T03:04:60Z',
    '2026-01-02T03:04:05+24:00',
    '0000-01-01',
    '2026-1-2',
    '2026-01-02T',
    '99999999999999999999',
    'x'.repeat(1000),
  ]
  for (const text of cases) {
    assert.equal(tryParseTimestamp(text), undefined, text)
    assert.throws(() => parseTimestamp(text), { code: 'SHARD_INVALID_VALUE' })
  }
})

test('nowMicros: increases on every call, also when the clock is set back', (t) => {
  const before = nowMicros()
  let last = before
  for (let i = 0; i < 5000; i += 1) {
    const next = nowMicros()
    assert.ok(next > last)
    last = next
  }
  t.mock.method(Date, 'now', () => 1000)
  assert.equal(nowMicros(), last + 1n)
  assert.ok(before > 1_700_000_000_000_000n)
})
