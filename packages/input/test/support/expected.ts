import type { InputRecord } from '@shardyfusion/input'

/** The rows of the pyarrow files. */
export const PYARROW: readonly InputRecord[] = [
  {
    id: 1n,
    small: -1,
    u64: 0n,
    f: 0.5,
    name: 'rope',
    dict: 'a',
    bin: Uint8Array.of(0, 255),
    dec: '12.30',
    dec38: 12_345_678_901_234_567_890_123_456_789_012_345_678n,
    ts_us: '2026-01-02T03:04:05.678901Z',
    ts_local: '2026-01-02T03:04:05.678',
    ts_ns: '2026-01-02T03:04:05.678901234',
    day: '2026-01-02',
    time: '01:02:03.000004',
    flag: true,
    list: [1n, 2n],
    struct: { a: 1n, when: '2026-01-02T03:04:05.000001Z' },
    map: { x: '1.50' },
  },
  {
    id: 2n,
    small: null,
    u64: 2n ** 64n - 1n,
    f: null,
    name: 'naïve 日本',
    dict: 'b',
    bin: null,
    dec: '-0.05',
    dec38: null,
    ts_us: null,
    ts_local: null,
    ts_ns: null,
    day: null,
    time: null,
    flag: false,
    list: [],
    struct: null,
    map: {},
  },
  {
    id: 2n ** 53n + 1n,
    small: 3,
    u64: null,
    f: Number.NaN,
    name: null,
    dict: 'a',
    bin: new Uint8Array(0),
    dec: null,
    dec38: -1n,
    ts_us: '1969-12-31T23:59:59.999999Z',
    ts_local: '1970-01-01T00:00:00',
    ts_ns: '1970-01-01T00:00:00',
    day: '1969-12-31',
    time: '00:00:00',
    flag: null,
    list: null,
    struct: { a: null, when: null },
    map: null,
  },
  {
    id: 2n ** 63n - 1n,
    small: 4,
    u64: 5n,
    f: 1e300,
    name: '',
    dict: null,
    bin: Uint8Array.of(97, 98, 99),
    dec: '99999999999999999.99',
    dec38: 0n,
    ts_us: '2000-01-01T00:00:00Z',
    ts_local: '2000-01-01T00:00:00.001',
    ts_ns: '1969-12-31T23:59:59.999999999',
    day: '0001-01-01',
    time: '23:59:59.999999',
    flag: true,
    list: [null, 2n ** 60n],
    struct: { a: 2n ** 60n, when: '1970-01-01T00:00:00Z' },
    map: { y: null },
  },
]

const TABLE_ROW = {
  id: 1n,
  name: 'rope',
  dec: '12.30',
  ts: '2026-01-02T03:04:05.678901Z',
  day: '2026-01-02',
  list: [1, 2],
  map: { x: 1n },
  struct: { a: 1n, b: 'z' },
  bin: Uint8Array.of(0, 255),
}

const ABSENT = { name: null, ts: null, day: null, map: null, struct: null, bin: null }

/** The rows of the Spark file without INT96. */
export const SPARK: readonly InputRecord[] = [
  TABLE_ROW,
  { ...TABLE_ROW, ...ABSENT, id: 2n ** 53n + 1n, dec: '-0.05', list: [] },
]

/** The rows of the Spark file with INT96, which counts nanoseconds. */
export const SPARK_INT96: readonly InputRecord[] = [
  { ...TABLE_ROW, ts: '2026-01-02T03:04:05.678901000Z' },
  SPARK[1]!,
]

export const DUCKDB: readonly InputRecord[] = [
  {
    ...TABLE_ROW,
    ts_ns: '2026-01-02T03:04:05.678901234',
    huge: '340282366920938463463374607431768211455',
    uuid: '123e4567-e89b-12d3-a456-426614174000',
    json: '{"a": 9007199254740993}',
    time: '01:02:03.000004',
    u64: 2n ** 64n - 1n,
  },
  {
    ...SPARK[1]!,
    ts_ns: null,
    huge: null,
    uuid: null,
    json: null,
    time: null,
    u64: null,
  },
]
