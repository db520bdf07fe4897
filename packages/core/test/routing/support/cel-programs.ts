import type { CelType } from '@shardyfusion/core'
import fc from 'fast-check'
import type { CelProgram } from './cel-reference.js'

type Kind =
  | 'int'
  | 'uint'
  | 'double'
  | 'string'
  | 'bytes'
  | 'bool'
  | 'time'
  | 'span'
  | 'ints'
  | 'texts'
  | 'any'

const COLUMNS: Readonly<Record<string, CelType>> = {
  k: 'int',
  u: 'uint',
  s: 'string',
  b: 'bytes',
  d: 'double',
  t: 'bool',
}
const COLUMN_OF: Partial<Record<Kind, string>> = {
  int: 'k',
  uint: 'u',
  string: 's',
  bytes: 'b',
  double: 'd',
  bool: 't',
}

const LITERALS: Record<Kind, readonly string[]> = {
  int: ['0', '1', '-1', '7', '0x10', '9223372036854775807', '-9223372036854775808'],
  uint: ['0u', '1u', '8u', '18446744073709551615u'],
  double: ['0.0', '-0.0', '1.5', '1e3', '1e21', '0.1', '123456.7', '1234567.0', '0.00001', '2.0'],
  string: [
    '""',
    '"a"',
    "'eu'",
    '"é"',
    '"\\u00e9x"',
    '"😀"',
    '"12"',
    '" 7 "',
    '"1.5"',
    'r"\\d"',
    '"true"',
    '"1h30m"',
    '"2026-03-01T10:20:30.5Z"',
  ],
  bytes: ['b""', 'b"a"', "b'\\xff'", 'b"é"', 'b"12"'],
  bool: ['true', 'false'],
  time: [
    'timestamp("2026-03-01T10:20:30.5Z")',
    'timestamp(0)',
    'timestamp("1969-12-31T23:59:59.5Z")',
  ],
  span: ['duration("1h30m")', 'duration("-1.5s")', 'duration("0")'],
  ints: ['[]', '[1]', '[1, 2, 3]', '[k, 5]'],
  texts: ['[]', '["a"]', '[s, "eu"]'],
  any: [
    'null',
    'dyn(1)',
    'dyn("a")',
    '[1, "a"]',
    '{"a": 1}',
    '{1: "a", 2: "b"}',
    'dyn(2u)',
    'dyn(1.0)',
    'type(k)',
    'int',
  ],
}

/** How a value of a kind is made of values of other kinds, which stand for `$0`, `$1` and `$2`. */
const FORMS: Record<Kind, readonly (readonly [form: string, ...parts: Kind[]])[]> = {
  int: [
    ['$0 + $1', 'int', 'int'],
    ['$0 - $1', 'int', 'int'],
    ['$0 * $1', 'int', 'int'],
    ['$0 / $1', 'int', 'int'],
    ['$0 % $1', 'int', 'int'],
    ['-($0)', 'int'],
    ['int($0)', 'uint'],
    ['int($0)', 'double'],
    ['int($0)', 'string'],
    ['int($0)', 'time'],
    ['size($0)', 'string'],
    ['$0.size()', 'bytes'],
    ['size($0)', 'ints'],
    ['$0 ? $1 : $2', 'bool', 'int', 'int'],
    ['$0[$1]', 'ints', 'int'],
    ['$0.getHours()', 'time'],
    ['$0.getDayOfYear()', 'time'],
    ['$0.getMilliseconds()', 'span'],
    ['{"a": $0, $1: $2}["a"]', 'int', 'string', 'int'],
    ['[$0, $1].map(x, x + $2)[0]', 'int', 'int', 'int'],
    ['$0.filter(x, x > $1).size()', 'ints', 'int'],
  ],
  uint: [
    ['$0 + $1', 'uint', 'uint'],
    ['$0 - $1', 'uint', 'uint'],
    ['$0 * $1', 'uint', 'uint'],
    ['$0 / $1', 'uint', 'uint'],
    ['$0 % $1', 'uint', 'uint'],
    ['uint($0)', 'int'],
    ['uint($0)', 'double'],
    ['uint($0)', 'string'],
    ['shard_hash($0)', 'int'],
    ['shard_hash($0)', 'uint'],
    ['shard_hash($0) % 8u', 'string'],
    ['shard_hash($0)', 'bytes'],
    ['$0 ? $1 : $2', 'bool', 'uint', 'uint'],
  ],
  double: [
    ['$0 + $1', 'double', 'double'],
    // Nothing that makes a NaN: the sign the reference prints with one cannot be seen in JavaScript.
    ['$0 * 2.5', 'double'],
    ['$0 / 3.0', 'double'],
    ['-($0)', 'double'],
    ['double($0)', 'int'],
    ['double($0)', 'uint'],
    ['double($0)', 'string'],
  ],
  string: [
    ['$0 + $1', 'string', 'string'],
    ['$0 + ":" + string($1)', 'string', 'int'],
    ['string($0)', 'int'],
    ['string($0)', 'uint'],
    ['string($0)', 'double'],
    ['string($0)', 'bytes'],
    ['string($0)', 'bool'],
    ['string($0)', 'time'],
    ['string($0)', 'span'],
    ['$0 ? $1 : $2', 'bool', 'string', 'string'],
    ['{1: $0, 2: $1}[$2]', 'string', 'string', 'int'],
    ['$0[$1]', 'texts', 'int'],
  ],
  bytes: [
    ['$0 + $1', 'bytes', 'bytes'],
    ['bytes($0)', 'string'],
  ],
  bool: [
    ['$0 == $1', 'int', 'int'],
    ['$0 < $1', 'int', 'int'],
    ['$0 >= $1', 'uint', 'uint'],
    ['$0 > $1', 'double', 'double'],
    ['$0 == $1', 'double', 'double'],
    ['$0 < $1', 'string', 'string'],
    ['$0 != $1', 'string', 'string'],
    ['$0 <= $1', 'bytes', 'bytes'],
    ['$0 < $1', 'time', 'time'],
    ['$0 == $1', 'span', 'span'],
    ['$0 && $1', 'bool', 'bool'],
    ['$0 || $1', 'bool', 'bool'],
    ['!($0)', 'bool'],
    ['$0 in $1', 'int', 'ints'],
    ['$0 in $1', 'string', 'texts'],
    ['$0 == $1', 'ints', 'ints'],
    ['$0.startsWith($1)', 'string', 'string'],
    ['$0.endsWith($1)', 'string', 'string'],
    ['$0.contains($1)', 'string', 'string'],
    ['$0.matches("^[a-z]+$")', 'string'],
    ['$0.matches($1)', 'string', 'string'],
    ['bool($0)', 'string'],
    ['$0.all(x, x > $1)', 'ints', 'int'],
    ['$0.exists(x, $1 / x > 0)', 'ints', 'int'],
    ['$0.exists_one(x, x == $1)', 'texts', 'string'],
    ['has({"a": $0}.a)', 'int'],
    ['type($0) == int', 'any'],
    ['dyn($0) == $1', 'any', 'int'],
    ['dyn($0) < $1', 'any', 'double'],
    ['$0 == $1', 'any', 'any'],
    ['$0 in dyn($1)', 'int', 'any'],
  ],
  time: [
    ['timestamp($0)', 'int'],
    ['timestamp($0)', 'string'],
    ['$0 + $1', 'time', 'span'],
    ['$0 - $1', 'time', 'span'],
  ],
  span: [
    ['duration($0)', 'string'],
    ['$0 - $1', 'time', 'time'],
    ['$0 + $1', 'span', 'span'],
  ],
  ints: [
    ['$0 + $1', 'ints', 'ints'],
    ['[$0, $1]', 'int', 'int'],
    ['$0.map(x, x * $1)', 'ints', 'int'],
    ['$0.map(x, x > $1, x - 1)', 'ints', 'int'],
    ['$0.filter(x, x != $1)', 'ints', 'int'],
  ],
  texts: [
    ['$0 + $1', 'texts', 'texts'],
    ['[$0, $1]', 'string', 'string'],
    ['$0.map(x, x + $1)', 'texts', 'string'],
    ['$0.map(x, string(x))', 'ints'],
  ],
  any: [
    ['dyn($0)', 'int'],
    ['dyn($0)', 'string'],
    ['dyn($0)', 'ints'],
    ['[$0, $1]', 'any', 'int'],
    ['{"a": $0}', 'any'],
    ['$0 + $1', 'any', 'any'],
    ['$0.a', 'any'],
    ['$0[$1]', 'any', 'any'],
    ['$0 ? $1 : $2', 'bool', 'any', 'any'],
  ],
}

const KINDS = Object.keys(FORMS) as Kind[]

/** Expressions of a kind; now and then a part is of another kind, so that the checker has something to refuse. */
function expression(kind: Kind, depth: number): fc.Arbitrary<string> {
  const column = COLUMN_OF[kind]
  const leaf = fc.constantFrom(
    ...LITERALS[kind],
    ...(column === undefined ? [] : [column, column, column]),
  )
  if (depth === 0) return leaf
  const forms = FORMS[kind].map(([form, ...parts]) =>
    fc
      .tuple(
        ...parts.map((part) =>
          fc
            .oneof(
              { weight: 40, arbitrary: fc.constant(part) },
              { weight: 1, arbitrary: fc.constantFrom(...KINDS) },
            )
            .chain((chosen) => expression(chosen, depth - 1)),
        ),
      )
      .map((made) =>
        made.reduce((text, part, i) => text.replaceAll(`$${i}`, () => `(${part})`), form),
      ),
  )
  return fc.oneof({ weight: 2, arbitrary: leaf }, { weight: 5, arbitrary: fc.oneof(...forms) })
}

const int64 = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: -9n, max: 9n }),
)
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.constantFrom(
    'a',
    'b',
    'eu',
    '12',
    ' 7',
    '1e3',
    'true',
    '2026-01-02T03:04:05Z',
    '1.5s',
    'a\0b',
    '\uffff',
    '😀',
  ),
)

// Other bytes than UTF-8 in a string column make the reference's results, or itself, unreadable.
const utf8 = text.map((value) => new TextEncoder().encode(value))

const row = fc.record(
  {
    k: fc.oneof(
      { weight: 9, arbitrary: int64 },
      { weight: 1, arbitrary: fc.oneof(fc.boolean(), text) },
    ),
    u: fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.bigInt({ min: 0n, max: 9n })),
    s: fc.oneof({ weight: 9, arbitrary: text }, { weight: 1, arbitrary: utf8 }),
    b: fc.oneof(
      { weight: 9, arbitrary: fc.uint8Array({ maxLength: 6 }) },
      { weight: 1, arbitrary: text },
    ),
    d: fc.oneof(
      {
        weight: 9,
        arbitrary: fc.oneof(
          fc.double({ noNaN: true, noDefaultInfinity: true }),
          fc.constantFrom(0, -0, 1, 2.5, 1e6, 1e21),
        ),
      },
      { weight: 1, arbitrary: fc.oneof(fc.boolean(), fc.bigInt({ min: -99n, max: 99n })) },
    ),
    t: fc.boolean(),
  },
  { noNullPrototype: true, requiredKeys: ['k', 'u', 's', 'b'] },
)

/** Random programs over random columns, most of which compile and give a token. */
export const programs: fc.Arbitrary<CelProgram> = fc
  .tuple(
    fc
      .constantFrom<Kind>('int', 'uint', 'string', 'bytes', 'int', 'uint', 'string', 'bool', 'any')
      .chain((kind) => expression(kind, 3)),
    fc.array(row, { minLength: 1, maxLength: 4 }),
  )
  .map(([expr, rows]) => ({ expr, columns: COLUMNS, rows }))
