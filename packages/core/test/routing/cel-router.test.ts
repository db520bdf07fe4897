import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CelType, Key, RoutingContext, RoutingValue } from '@shardyfusion/core'
import type { ShardingSpec } from '@shardyfusion/core/extend'
import { celShardingByColumns } from '#dist/routing/cel/cel-by-columns.js'
import { CelExpression } from '#dist/routing/cel/cel-expression.js'
import { openRouter } from '#dist/routing/open-router.js'
import fc from 'fast-check'
import { cpuMs } from '@shardyfusion/test-support/cpu-ms'
import { failure } from '../support/key-vectors.js'

const refused = failure('SHARD_ROUTING', 'ConfigValidationError')
const valueError = failure('SHARD_ROUTING', 'ValueError')
const unknownToken = failure('SHARD_ROUTING', 'UnknownRoutingTokenError')

function cel(
  celExpr: string,
  celColumns: Record<string, CelType>,
  routingValues?: readonly RoutingValue[],
): ShardingSpec {
  return { strategy: 'cel', hashAlgorithm: 'xxh3_64', celExpr, celColumns, routingValues }
}

const evaluate = async (expr: string, columns: Record<string, CelType>, context: RoutingContext) =>
  (await CelExpression.compile(expr, columns, 'test')).evaluate(0n, context, 'test')

// Text and bytes end at the first NUL for CEL, which is not how a hash sharding takes keys.
const withoutNul = fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\0', '0'))

for (const [type, keys] of [
  ['int', fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })],
  ['int', fc.maxSafeInteger()],
  ['uint', fc.bigInt({ min: 0n, max: 2n ** 63n - 1n })],
  ['string', withoutNul],
  ['bytes', fc.uint8Array().map((bytes) => bytes.map((byte) => byte || 1))],
] as readonly (readonly [CelType, fc.Arbitrary<Key>])[]) {
  test(`shard_hash: of a ${type} key modulo 8 is what hash routing gives`, async () => {
    const byCel = await openRouter(cel('shard_hash(key) % 8u', { key: type }), 8)
    const byHash = await openRouter({ strategy: 'hash', hashAlgorithm: 'xxh3_64' }, 8)
    fc.assert(
      fc.property(keys, (key) => {
        assert.equal(byCel.route(key), byHash.route(key))
      }),
      { numRuns: 500 },
    )
  })
}

test('shard_hash: fails for a uint of 2^63 and more, which has no signed form', async () => {
  const router = await openRouter(cel('shard_hash(key) % 8u', { key: 'uint' }), 8)
  assert.throws(() => router.route(2n ** 63n), valueError)
})

test('cel router: builder expressions over several columns route like their text', async () => {
  const { cel: celExpr, columns: celColumns } = celShardingByColumns(
    { region: 'string', tier: 'int' },
    { shards: 8 },
  )
  const byCel = await openRouter(cel(celExpr, celColumns), 8)
  const byHash = await openRouter({ strategy: 'hash', hashAlgorithm: 'xxh3_64' }, 8)
  fc.assert(
    fc.property(withoutNul, fc.integer(), (region, tier) => {
      assert.equal(byCel.route(0n, { region, tier }), byHash.route(`${region}:${tier}`))
    }),
  )
})

test('cel router: a separator beyond ASCII and beyond U+FFFF survives', async () => {
  const { cel: celExpr, columns: celColumns } = celShardingByColumns(
    { a: 'string', b: 'string' },
    { separator: '"\\\u0001\u007fé日\u{1f600}' },
  )
  assert.match(celExpr, /^[ -~]+$/)
  assert.equal(
    await evaluate(celExpr, celColumns, { a: 'x', b: 'y' }),
    'x"\\\u0001\u007fé日\u{1f600}y',
  )
})

test('cel router: direct results name the shard, whatever their type', async () => {
  for (const [expr, key] of [
    ['key', 3n],
    ['uint(key)', 3],
    ['string(key)', 3n],
    ['" 3 "', 0n],
    ['b"+03"', 0n],
  ] as const) {
    const router = await openRouter(cel(expr, { key: 'int' }), 4)
    assert.equal(router.route(key), 3, expr)
  }
})

test('cel router: a direct result that names no shard is an error, never a remainder', async () => {
  const router = await openRouter(cel('key', { key: 'int' }), 4, { writing: true })
  for (const key of [4n, -1n, 2n ** 62n]) assert.throws(() => router.route(key), valueError)
  const text = await openRouter(cel('key', { key: 'string' }), 4, { writing: true })
  for (const key of ['', '1_0', '٣', '1.0', 'eu', '4'])
    assert.throws(() => text.route(key), valueError)
})

test('cel router: the remainder of a negative int is negative and refused', async () => {
  const router = await openRouter(cel('key % 4', { key: 'int' }), 4)
  assert.equal(router.route(7n), 3)
  assert.throws(() => router.route(-7n), valueError)
})

test('cel router: categorical results are looked up by exact type', async () => {
  const columns = { region: 'string' } as const
  const router = await openRouter(cel('region', columns, ['ap', 'eu']), 2)
  assert.equal(router.route(0n, { region: 'eu' }), 1)
  assert.throws(() => router.route(0n, { region: 'jp' }), unknownToken)
  const numbers = await openRouter(cel('key', { key: 'int' }, [10n, 20n]), 2)
  assert.equal(numbers.route(20), 1)
  const texts = await openRouter(cel('key', { key: 'int' }, ['10', '20']), 2)
  assert.throws(() => texts.route(20), unknownToken)
  const unsigned = await openRouter(cel('uint(key)', { key: 'int' }, [10n, 20n]), 2)
  assert.equal(unsigned.route(20), 1)
})

test('cel router: an empty list of routing values knows no token', async () => {
  const router = await openRouter(cel('key', { key: 'int' }, []), 1)
  assert.throws(() => router.route(1n), unknownToken)
})

test('cel router: bytes match the text with the same bytes on reading only', async () => {
  const spec = cel('key', { key: 'bytes' }, ['eu', 'naïve'])
  const reading = await openRouter(spec, 2)
  assert.equal(reading.route(new TextEncoder().encode('naïve')), 1)
  assert.throws(() => reading.route(Uint8Array.of(0xff)), unknownToken)
  const writing = await openRouter(spec, 2, { writing: true })
  assert.throws(() => writing.route(new TextEncoder().encode('eu')), refused)
})

test('cel router: only a single column named key is evaluated over the key', async () => {
  const key = await openRouter(cel('key', { key: 'int' }), 4)
  assert.equal(key.route(2n), 2)
  assert.equal(key.route(2n, { key: 3n }), 3)
  const tier = await openRouter(cel('tier', { tier: 'int' }), 4)
  assert.throws(() => tier.route(2n), valueError)
  assert.equal(tier.route(2n, { tier: 3n }), 3)
  const two = await openRouter(cel('key + tier', { key: 'int', tier: 'int' }), 4)
  assert.throws(() => two.route(2n), /pass a routing context/)
  assert.equal(two.route(9n, { key: 1n, tier: 2, other: 'ignored' }), 3)
})

test('cel router: a key that does not fit the column is an invalid key', async () => {
  const expected = failure('SHARD_INVALID_KEY', 'ValueError')
  const int = await openRouter(cel('key', { key: 'int' }), 4)
  for (const bad of ['1', 1.5, 2n ** 63n, Uint8Array.of(1)])
    assert.throws(() => int.route(bad), expected)
  const text = await openRouter(cel('key', { key: 'string' }, ['a']), 1)
  for (const bad of [1, 1n, '\ud800']) assert.throws(() => text.route(bad), expected)
})

test('cel router: a context column that is missing or of another type is refused by name', async () => {
  const columns = { n: 'int', u: 'uint', s: 'string', b: 'bytes', d: 'double', f: 'bool' } as const
  const good: RoutingContext = { n: 1, u: 1n, s: '', b: new Uint8Array(0), d: 1.5, f: true }
  const all = 'n + int(u) + size(s) + size(b) + int(d) + (f ? 0 : 1)'
  const router = await openRouter(cel(all, columns), 4)
  assert.equal(router.route(0n, good), 3)
  const bad: RoutingContext = { n: '1', u: -1, s: 1, b: 1, d: '1', f: 1 }
  for (const name of Object.keys(columns)) {
    const pattern = new RegExp(`column ${name} of the routing context must be`)
    assert.throws(() => router.route(0n, { ...good, [name]: bad[name]! }), pattern)
    const { [name]: _, ...missing } = good
    assert.throws(() => router.route(0n, missing), pattern)
  }
})

test('cel expression: every column type arrives as its CEL type', async () => {
  for (const [type, value, name] of [
    ['int', 1, 'int'],
    ['int', true, 'int'],
    ['uint', 1n, 'uint'],
    ['string', 'x', 'string'],
    ['bytes', Uint8Array.of(1), 'bytes'],
    ['double', 1, 'double'],
    ['bool', false, 'bool'],
  ] as const) {
    assert.equal(
      await evaluate(`type(c) == ${name} ? "yes" : "no"`, { c: type }, { c: value }),
      'yes',
      name,
    )
  }
})

test('cel expression: booleans count as the integers 1 and 0', async () => {
  const columns = { key: 'int' } as const
  assert.equal(
    await evaluate('shard_hash(key)', columns, { key: true }),
    await evaluate('shard_hash(key)', columns, { key: 1n }),
  )
})

test('cel expression: no column is null, and no expression compares one with it', async () => {
  const expr = 'region == null ? "none" : region'
  await assert.rejects(CelExpression.compile(expr, { region: 'string' }, 'test'), refused)
  await assert.rejects(evaluate('region', { region: 'string' }, { region: null }), valueError)
})

test('cel expression: refuses results that name no shard', async () => {
  for (const expr of ['key == 1', 'double(key)', 'null', '[key]', '{"a": key}', 'type(key)']) {
    await assert.rejects(evaluate(expr, { key: 'int' }, { key: 1 }), refused, expr)
  }
})

test('cel expression: a failing evaluation is a routing error with its reason', async () => {
  await assert.rejects(evaluate('10 / key', { key: 'int' }, { key: 0 }), valueError)
  await assert.rejects(evaluate('10 / key', { key: 'int' }, { key: 0 }), /divide by zero/)
  await assert.rejects(evaluate('{"eu": 0}[key]', { key: 'string' }, { key: 'us' }), valueError)
})

test('cel expression: text becomes a number from decimal digits only', async () => {
  const columns = { key: 'string' } as const
  assert.equal(await evaluate('int(key)', columns, { key: '-12' }), -12n)
  assert.equal(
    await evaluate('uint(key)', columns, { key: '18446744073709551615' }),
    2n ** 64n - 1n,
  )
  assert.equal(await evaluate('int(key)', columns, { key: '\t+7 ' }), 7n)
  for (const key of ['', '0x10', '1_0', '1.0', '9223372036854775808']) {
    await assert.rejects(evaluate('int(key)', columns, { key }), valueError, key)
  }
  await assert.rejects(evaluate('uint(key)', columns, { key: '-1' }), valueError)
})

test('cel expression: what the declared columns cannot satisfy does not compile', async () => {
  for (const expr of [
    '',
    'shard_hash(key',
    'shard_hash(key) % 8',
    'shard_hash(true)',
    'shard_hash(1.5)',
    'shard_hash(key, key)',
    'key + "a"',
    'key + 1u',
    'other',
    'key > 3 ? other : 1',
    'constructor',
    'nosuch(key)',
    'key > 3 ? nosuch(key) : 1',
    '[1, 2].map(x, y)[0]',
    '{"a": other}["a"]',
    // The item of an empty list has no type, so it is not a list.
    '[][0].all(x, true) ? 0 : 1',
    '[].map(x, x.map(y, y))[0]',
  ]) {
    await assert.rejects(CelExpression.compile(expr, { key: 'int' }, 'test'), refused, expr)
  }
  await assert.rejects(CelExpression.compile('shard_hash(key) % 8', { key: 'int' }, 'test'), /8u/)
})

test('cel expression: valid expressions with macros, maps and types compile', async () => {
  for (const [expr, expected] of [
    ['[1, 2].map(x, x + key)[1]', 5n],
    ['[1, 2].exists(x, x == key) ? 1 : 0', 0n],
    ['{"3": 7}[string(key)]', 7n],
    ['type(key) == int && key in [3] ? 1 : 0', 1n],
    ['size("abc") + key', 6n],
    ['"abc".startsWith("a") || key == 4 ? 1 : 0', 1n],
  ] as const) {
    assert.equal(await evaluate(expr, { key: 'int' }, { key: 3 }), expected, expr)
  }
})

test('cel expression: refuses no columns and unknown column types', async () => {
  await assert.rejects(CelExpression.compile('1', {}, 'test'), refused)
  for (const type of ['timestamp', 'INT', 'toString', null]) {
    await assert.rejects(CelExpression.compile('1', { key: type as CelType }, 'test'), refused)
  }
})

test('openRouter: refuses routing values of mixed types', async () => {
  await assert.rejects(openRouter(cel('key', { key: 'int' }, [1n, 'a']), 2), refused)
})

test('cel expression: text and bytes end at their first NUL, those in the expression do not', async () => {
  assert.equal(await evaluate('key', { key: 'string' }, { key: 'a\0b' }), 'a')
  assert.deepEqual(
    await evaluate('key', { key: 'bytes' }, { key: Uint8Array.of(1, 0, 2) }),
    Uint8Array.of(1),
  )
  assert.equal(await evaluate('"x\\u0000y" + key', { key: 'string' }, { key: '\0' }), 'x\0y')
})

test('cel expression: a column that is not used may be missing, and || passes over one that is', async () => {
  const columns = { a: 'string', n: 'int' } as const
  assert.equal(await evaluate('n', columns, { n: 1 }), 1n)
  assert.equal(await evaluate('n > 0 ? "small" : a', columns, { n: 1 }), 'small')
  assert.equal(await evaluate('a == "x" || n == 1 ? 1 : 0', columns, { n: 1 }), 1n)
  await assert.rejects(
    evaluate('a == "x" || n == 2 ? 1 : 0', columns, { n: 1 }),
    /column a .* got nothing/,
  )
})

test('cel expression: columns are lenient where the reference is', async () => {
  const utf8 = new TextEncoder().encode('né')
  assert.equal(await evaluate('c', { c: 'string' }, { c: utf8 }), 'né')
  assert.equal(await evaluate('c', { c: 'string' }, { c: Uint8Array.of(0x61, 0, 0xff) }), 'a')
  assert.equal(await evaluate('string(c)', { c: 'double' }, { c: 10n ** 6n }), '1e+06')
  assert.equal(await evaluate('string(c)', { c: 'double' }, { c: true }), '1')
  for (const [type, value] of [
    ['string', Uint8Array.of(0xff)],
    ['bytes', 'text'],
    ['int', 1.5],
    ['int', '5'],
    ['bool', 1],
    ['uint', -1],
  ] as const) {
    await assert.rejects(
      evaluate('type(c) == int ? 1 : 0', { c: type }, { c: value }),
      valueError,
      type,
    )
  }
})

test('cel expression: evaluations that would take for ever are stopped', async () => {
  const list = `[${Array.from({ length: 30 }, (_, i) => i).join(',')}]`
  let turns = 'true'
  for (let depth = 0; depth < 4; depth++) turns = `${list}.all(x${depth}, ${turns})`
  let doubled = '["abcdefgh"]'
  for (let depth = 0; depth < 27; depth++) doubled += '.map(x, x + x)'
  const wide = `[${'1, '.repeat(5000)}1]`
  for (const expr of [
    `${turns} ? 1 : 0`,
    // Nothing passes over a budget that is used up.
    `${turns} || true ? 1 : 0`,
    `${doubled}[0]`,
    `${wide}.map(x, ${wide}).size()`,
    `[1, 2, 3, 4].map(x, key.matches("(a?){900}b")).size()`,
    `key + key + key + key + key + key + key + key`,
  ]) {
    const start = cpuMs()
    await evaluate(expr, { key: 'string' }, { key: 'a'.repeat(5_000_000) }).then(
      () => {},
      (error: unknown) => assert.ok(valueError(error)),
    )
    assert.ok(cpuMs() - start < 5000, expr.slice(0, 60))
  }
  await assert.rejects(
    evaluate(`${turns} ? 1 : 0`, { key: 'string' }, { key: '' }),
    /more than 10000 iterations/,
  )
  await assert.rejects(evaluate(`${doubled}[0]`, { key: 'string' }, { key: '' }), /was stopped/)
})

test('cel expression: text nested without end is refused, not a full stack', async () => {
  for (const open of [
    '(',
    '[',
    '-(',
    '!(',
    'dyn(',
    '{1:',
    'key?1:',
    '1+',
    'key.a.',
    '[1].all(x, ',
    '"a" in [',
  ]) {
    const refusal = CelExpression.compile(open.repeat(100_000), { key: 'int' }, 'test')
    await assert.rejects(refusal, refused, open)
    await assert.rejects(
      CelExpression.compile(`${open.repeat(9_000)}1`, { key: 'int' }, 'test'),
      refused,
      open,
    )
  }
})

test('cel router: a shard that a small table does not have is no key of it, a wrong one is an error', async () => {
  const spec = cel('key', { key: 'int' })
  const reading = await openRouter(spec, 3)
  assert.equal(reading.route(2n), 2)
  for (const key of [3n, 2n ** 31n - 1n]) assert.throws(() => reading.route(key), unknownToken)
  for (const key of [-1n, 2n ** 31n, 2n ** 62n]) assert.throws(() => reading.route(key), valueError)
  const writing = await openRouter(spec, 3, { writing: true })
  assert.throws(() => writing.route(3n), valueError)
})
