import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Redis } from 'ioredis'
import { Glob } from '#dist/resp/glob.js'
import { output, redisProgram, startRedis } from '../support/redis-tools.js'
import { served } from '../support/served.js'
import { numbered, published } from '../support/snapshot.js'

test('redis-cli reads a snapshot in both versions of the protocol', async (t) => {
  const cli = redisProgram(t, 'redis-cli')
  if (cli === undefined) return
  const one = await published({ rows: numbered(300) })
  const two = await published({
    keyEncoding: 'utf8',
    rows: [
      ['b', 'two'],
      ['a', 'one'],
    ],
  })
  const token = 'a token of 23 characters'
  const { redisPort } = await served(t, { databases: [{ prefix: one }, { prefix: two }], token })
  const ask = (...words: string[]) =>
    output(cli, ['-p', String(redisPort), '--no-auth-warning', '-a', token, ...words])
  assert.equal(await ask('GET', '42'), 'value-42\n')
  assert.equal(await ask('-3', 'GET', '300'), '\n')
  assert.equal(await ask('-3', 'MGET', '1', '300', '2'), 'value-1\n\nvalue-2\n')
  assert.equal(await ask('-n', '1', 'KEYS', '*'), 'a\nb\n')
  assert.equal(await ask('-n', '1', '--scan', '--pattern', 'a*'), 'a\n')
  const scanned = (await ask('--scan')).trim().split('\n')
  assert.deepEqual(
    scanned,
    numbered(300).map(([key]) => String(key)),
  )
  assert.match(await ask('SET', 'a', 'b'), /^READONLY /)
  assert.match(await ask('INFO', 'keyspace'), /^# Keyspace\r\ndb0:keys=300,expires=0,avg_ttl=0\r\n/)
  assert.match(await ask('-3', 'HELLO'), /^server redis\nversion /)
  assert.match(await ask('COMMAND', 'INFO', 'get'), /^get\n2\nreadonly\nfast\n1\n1\n1\n/)
})

test('redis-benchmark runs against a snapshot', async (t) => {
  const benchmark = redisProgram(t, 'redis-benchmark')
  if (benchmark === undefined) return
  const prefix = await published({ rows: numbered(1000) })
  const { redisPort, server } = await served(t, { databases: [{ prefix }] })
  const args = [
    '-p',
    String(redisPort),
    '-c',
    '16',
    '-P',
    '16',
    '-n',
    '20000',
    '-r',
    '1000',
    '--csv',
  ]
  for (const protocol of [[], ['-3']]) {
    const csv = await output(benchmark, [...args, ...protocol, 'GET', '__rand_int__'])
    assert.match(csv, /"GET __rand_int__","[0-9.]+"/)
  }
  assert.match(await server.metrics(), /\{result="found"\} 40000\n/)
  assert.match(await server.metrics(), /\{protocol="redis",command="get"\} 40000\n/)
})

test('patterns match the same keys as in Redis', async (t) => {
  const program = redisProgram(t, 'redis-server')
  if (program === undefined) return
  const redis = new Redis(await startRedis(t, program), { lazyConnect: true })
  t.after(() => redis.disconnect())
  const keys = [
    'a',
    'b',
    'ab',
    'abc',
    'aXc',
    'a*c',
    'a]c',
    'a-c',
    'a\\c',
    'user:1',
    'user:22',
    '[a]',
  ]
  // Without the empty key, which only `*` matches in Redis, and not `**`.
  await redis.mset(keys.flatMap((key) => [key, '1']))
  const patterns = [
    '*',
    'a*',
    '*c',
    'a?c',
    '?',
    '??',
    'a[bX]c',
    'a[^b]c',
    'a[a-z]c',
    'a[z-a]c',
    'a\\*c',
  ]
  patterns.push(
    'a[\\]]c',
    'a[]c',
    'a[b',
    'user:*',
    'user:??',
    '\\[a\\]',
    '[a]',
    '*[0-9]',
    '**',
    'a**c',
    '',
  )
  patterns.push('a[X-]c', 'a[-X]c', 'a\\\\c', 'abc\\', '[^', '[')
  for (const pattern of patterns) {
    const glob = new Glob(Buffer.from(pattern))
    const ours = keys.filter((key) => glob.matches(Buffer.from(key)))
    assert.deepEqual((await redis.keys(pattern)).toSorted(), ours.toSorted(), pattern)
    for (const key of ours) assert.ok(key.startsWith(Buffer.from(glob.prefix).toString()), pattern)
  }
})
