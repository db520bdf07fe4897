import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WRITE_COMMANDS } from '#dist/resp/write-commands.js'
import { command, RawClient } from '../support/raw-client.js'
import { served } from '../support/served.js'
import { numbered, published } from '../support/snapshot.js'

const OK = '+OK\r\n'

test('Redis: GET, MGET, EXISTS, STRLEN, TYPE and DBSIZE answer, cached or not', async (t) => {
  const prefix = await published({ rows: numbered(100) })
  const { redisPort } = await served(t, { databases: [{ prefix }] })
  const client = await RawClient.open(t, redisPort)
  for (let round = 0; round < 3; round++) {
    for (const [words, expected] of [
      [['GET', '7'], '$7\r\nvalue-7\r\n'],
      [['get', '100'], '$-1\r\n'],
      [
        ['MGET', '1', '1000', '1', '2'],
        '*4\r\n$7\r\nvalue-1\r\n$-1\r\n$7\r\nvalue-1\r\n$7\r\nvalue-2\r\n',
      ],
      [['EXISTS', '1', '1', '1000'], ':2\r\n'],
      [['EXISTS', '1000'], ':0\r\n'],
      [['STRLEN', '10'], ':8\r\n'],
      [['STRLEN', '1000'], ':0\r\n'],
      [['TYPE', '1'], '+string\r\n'],
      [['TYPE', '1000'], '+none\r\n'],
      [['DBSIZE'], ':100\r\n'],
      [['ECHO', 'a\r\nb'], '$4\r\na\r\nb\r\n'],
      [['PING'], '+PONG\r\n'],
      [['PING', 'x'], '$1\r\nx\r\n'],
    ] as const) {
      assert.equal(await client.ask(command(...words), expected), expected, words.join(' '))
    }
  }
})

test('Redis: RESP3 has its own nulls and maps', async (t) => {
  const prefix = await published({ rows: numbered(3) })
  const { redisPort } = await served(t, { databases: [{ prefix }] })
  const client = await RawClient.open(t, redisPort)
  const hello = await client.ask(command('HELLO', '3', 'SETNAME', 'me'), '%7\r\n$6\r\nserver\r\n')
  assert.equal(hello, '%7\r\n$6\r\nserver\r\n')
  const rest = '*0\r\n'
  let text = ''
  while (!text.endsWith(rest)) text += await client.read(1)
  const expected = '_\r\n$2\r\nme\r\n*2\r\n_\r\n$7\r\nvalue-1\r\n'
  const asked = [command('GET', '9'), command('CLIENT', 'GETNAME'), command('MGET', '9', '1')]
  assert.equal(await client.ask(Buffer.concat(asked), expected), expected)
  const refused = '-NOPROTO unsupported protocol version\r\n'
  assert.equal(await client.ask(command('HELLO', '4'), refused), refused)
})

test('Redis: replies of a pipeline keep the order, with errors and waits between them', async (t) => {
  const prefix = await published({ rows: numbered(2000) })
  const { redisPort } = await served(t, { databases: [{ prefix }], replyCacheBytes: 0 })
  const client = await RawClient.open(t, redisPort)
  const asked: Buffer[] = []
  let expected = ''
  for (let i = 0; i < 2000; i++) {
    asked.push(command('GET', String(i)))
    expected += `$${`value-${i}`.length}\r\nvalue-${i}\r\n`
    if (i % 7 === 0) {
      asked.push(command('PING'), command('SET', 'a', 'b'), command('EXISTS', String(i), '999999'))
      expected += `+PONG\r\n-READONLY snapshots are read-only: SET is never executed; publish a new snapshot instead\r\n:1\r\n`
    }
    if (i % 501 === 0) {
      asked.push(command('SCAN', '0', 'COUNT', '1'))
      expected += '*2\r\n$1\r\n1\r\n*1\r\n$1\r\n0\r\n'
    }
  }
  assert.equal(await client.ask(Buffer.concat(asked), expected), expected)
})

test('Redis: SELECT takes a number or a name, and RESET returns to the first', async (t) => {
  const one = await published({ rows: numbered(3, 'one') })
  const two = await published({ keyEncoding: 'utf8', rows: [['1', 'two-1']] })
  const databases = [{ prefix: one }, { prefix: two, name: 'second' }]
  const { redisPort } = await served(t, { databases })
  const client = await RawClient.open(t, redisPort)
  for (const [words, expected] of [
    [['GET', '1'], '$5\r\none-1\r\n'],
    [['SELECT', '1'], OK],
    [['GET', '1'], '$5\r\ntwo-1\r\n'],
    [['SELECT', '0'], OK],
    [['SELECT', 'second'], OK],
    [['GET', '1'], '$5\r\ntwo-1\r\n'],
    [['SELECT', '2'], '-ERR DB index is out of range: expected 0 to 1 or a name, got "2"\r\n'],
    [['RESET'], '+RESET\r\n'],
    [['GET', '1'], '$5\r\none-1\r\n'],
  ] as const) {
    assert.equal(await client.ask(command(...words), expected), expected)
  }
})

test('Redis: no command that writes is executed, and each says so', async (t) => {
  const prefix = await published({ rows: numbered(3) })
  const { redisPort } = await served(t, { databases: [{ prefix }] })
  const client = await RawClient.open(t, redisPort)
  for (const name of WRITE_COMMANDS) {
    const expected = `-READONLY snapshots are read-only: ${name.toUpperCase()} is never executed; publish a new snapshot instead\r\n`
    assert.equal(await client.ask(command(name, '1', 'x'), expected), expected)
  }
  const expected = "-ERR unknown command 'NOPE', with args beginning with: 'a' 'b'\r\n"
  assert.equal(await client.ask(command('NOPE', 'a', 'b'), expected), expected)
  assert.equal(await client.ask(command('GET', '1'), '$7\r\nvalue-1\r\n'), '$7\r\nvalue-1\r\n')
})

test('Redis: a key that cannot be one of the snapshot is an error of its command alone', async (t) => {
  const prefix = await published({ rows: numbered(3) })
  const { redisPort } = await served(t, { databases: [{ prefix }], replyCacheBytes: 0 })
  const client = await RawClient.open(t, redisPort)
  const bad = (got: string) =>
    `-ERR SHARD_INVALID_KEY keys of this snapshot are integers (u64be): expected digits from 0 to 18446744073709551615, got "${got}"\r\n`
  for (const key of ['abc', '', '-1', '1.0', '18446744073709551616', '0x1']) {
    const asked = Buffer.concat([command('GET', '1'), command('GET', key), command('GET', '2')])
    const expected = `$7\r\nvalue-1\r\n${bad(key)}$7\r\nvalue-2\r\n`
    assert.equal(await client.ask(asked, expected), expected)
  }
  // Only the router refuses this one.
  const asked = Buffer.concat([
    command('GET', '1'),
    command('MGET', '1', '9223372036854775808'),
    command('GET', '2'),
  ])
  client.send(asked)
  assert.equal(await client.read(13), '$7\r\nvalue-1\r\n')
  let line = ''
  while (!line.endsWith('\r\n')) line += await client.read(1)
  assert.match(line, /^-ERR SHARD_INVALID_KEY an integer must be in -2\^63 to 2\^63-1/)
  assert.equal(await client.read(13), '$7\r\nvalue-2\r\n')
  const zeros = '$7\r\nvalue-2\r\n'
  assert.equal(await client.ask(command('GET', '000000000002'), zeros), zeros)
})

test('Redis: keys of bytes and text are sent as they are', async (t) => {
  const raw = await published({
    keyEncoding: 'raw',
    rows: [
      [Uint8Array.of(0, 255, 13, 10), Uint8Array.of(1, 2)],
      [Uint8Array.of(7), 'seven'],
    ],
  })
  const text = await published({ keyEncoding: 'utf8', rows: [['schlüssel', 'wert']] })
  const { redisPort } = await served(t, { databases: [{ prefix: raw }, { prefix: text }] })
  const client = await RawClient.open(t, redisPort)
  const bytes = command('GET', Uint8Array.of(0, 255, 13, 10))
  assert.equal(await client.ask(bytes, '$2\r\n\u0001\u0002\r\n'), '$2\r\n\u0001\u0002\r\n')
  await client.ask(command('SELECT', '1'), OK)
  assert.equal(await client.ask(command('GET', 'schlüssel'), '$4\r\nwert\r\n'), '$4\r\nwert\r\n')
})

test('Redis: the token is asked for before anything else', async (t) => {
  const prefix = await published({ rows: numbered(3) })
  const token = 'a token of 23 characters'
  const { redisPort } = await served(t, { databases: [{ prefix }], token })
  const client = await RawClient.open(t, redisPort)
  const denied = '-NOAUTH Authentication required.\r\n'
  for (const words of [
    ['GET', '1'],
    ['SCAN', '0'],
    ['PING'],
    ['INFO'],
    ['NOPE'],
    ['SET', 'a', 'b'],
  ])
    assert.equal(await client.ask(command(...words), denied), denied)
  const wrong = '-WRONGPASS invalid username-password pair or user is disabled.\r\n'
  assert.equal(await client.ask(command('AUTH', 'wrong'), wrong), wrong)
  assert.equal(await client.ask(command('AUTH', 'other', token), wrong), wrong)
  assert.equal(await client.ask(command('GET', '1'), denied), denied)
  assert.equal(await client.ask(command('AUTH', token), OK), OK)
  assert.equal(await client.ask(command('GET', '1'), '$7\r\nvalue-1\r\n'), '$7\r\nvalue-1\r\n')

  const second = await RawClient.open(t, redisPort)
  second.send(command('HELLO', '3', 'AUTH', 'default', token))
  assert.equal(await second.read(4), '%7\r\n')

  const guessing = await RawClient.open(t, redisPort)
  for (let i = 0; i < 5; i++) guessing.send(command('AUTH', `guess ${i}`))
  assert.equal(await guessing.rest(), wrong.repeat(5))
  // Before AUTH, a command is small.
  const large = await RawClient.open(t, redisPort)
  large.send('*1000\r\n')
  assert.equal(await large.rest(), '-ERR Protocol error: invalid multibulk length\r\n')
})

test('Redis: HTTP sent by a browser ends the connection', async (t) => {
  const prefix = await published({ rows: numbered(3) })
  const { redisPort } = await served(t, { databases: [{ prefix }] })
  const client = await RawClient.open(t, redisPort)
  client.send('POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET 1\r\n')
  assert.match(await client.rest(), /^-ERR unknown command 'POST'[^\r]*\r\n$/)
})
