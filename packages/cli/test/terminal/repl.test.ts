import assert from 'node:assert/strict'
import { join } from 'node:path'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Pty } from '../support/pty.js'
import { shardy } from '../support/shardy.js'
import { publishedPlace } from '../support/snapshot.js'

const place = await publishedPlace(['first', 50], ['second', 60])

test('repl: greets, completes commands, options and runs, and ends with Ctrl-D', async (t) => {
  const pty = new Pty(t, ['repl', '-p', place.prefix], { env: { XDG_STATE_HOME: place.folder } })
  await pty.shows(/run second: 60 rows, 4 shards \(hash\), keys u64be/)
  await pty.shows(/shardy> $/)
  pty.type('mu')
  await pty.shows(/shardy> mu$/)
  pty.type('\t')
  await pty.shows(/multiget $/)
  pty.type('1 99\r')
  await pty.shows(/1 {2}yes {4}\{"id":1,"name":"second-1"\}\r?\n\s*99 {2}no/)

  let from = pty.text.length
  await pty.shows(/shardy> $/)
  pty.type('scan --lim')
  await pty.shows(/scan --lim$/, from)
  pty.type('\t')
  await pty.shows(/--limit $/, from)
  pty.type('2 --keys-only\r')
  await pty.shows(/key\r?\n\s*0\r?\n\s*1\r?\n/, from)

  from = pty.text.length
  await pty.shows(/shardy> $/)
  pty.type('use fi')
  await pty.shows(/use fi$/, from)
  pty.type('\t')
  await pty.shows(/use first/, from)
  pty.type('\r')
  await pty.shows(/\nrun first\r?\n/, from)
  await pty.shows(/shardy> $/)
  pty.type('get 3\r')
  await pty.shows(/\{"id":3,"name":"first-3"\}/, from)
  from = pty.text.length
  await pty.shows(/shardy> $/)
  pty.type('refresh\r')
  await pty.shows(/moved to run second/, from)
  await pty.shows(/shardy> $/)
  pty.type('nonsense\r')
  await pty.shows(/unknown command 'nonsense'/, from)
  await pty.shows(/shardy> $/)
  pty.type('get abc\r')
  await pty.shows(
    /keys of this snapshot must be integers of 0 to 18446744073709551615 \(u64be\), got "abc"/,
    from,
  )
  await pty.shows(/shardy> $/)
  pty.type('\u0004')
  assert.equal((await pty.exit()).code, 0)

  const history = readFileSync(join(place.folder, 'shardy/history'), 'utf8').split('\n')
  assert.deepEqual(history.slice(0, 2), ['multiget 1 99', 'scan --limit 2 --keys-only'])
})

test('repl: Ctrl-C discards the line and keeps the session; arrow up restores the history', async (t) => {
  const pty = new Pty(t, ['repl', '-p', place.prefix], { env: { XDG_STATE_HOME: place.folder } })
  await pty.shows(/shardy> $/)
  pty.type('get 12')
  await pty.shows(/get 12$/)
  pty.type('\u0003')
  await pty.shows(/\^C\r?\n.*shardy> $/)
  const from = pty.text.length
  pty.type('\u001B[A')
  await pty.shows(/get abc/, from)
  pty.type('\u0003')
  await pty.shows(/shardy> $/)
  pty.type('exit\r')
  assert.equal((await pty.exit()).code, 0)
})

test('repl: reads one command per line from a pipe', async () => {
  const { code, stdout, stderr } = await shardy(['repl', '-p', place.prefix], {
    stdin: 'get 1\n# a remark\nuse first\nget 1 --json\nget 99\nquit\nget 2\n',
  })
  assert.equal(code, 0)
  assert.equal(
    stdout,
    '{"key":1,"found":true,"value":{"id":1,"name":"second-1"}}\nrun first\n' +
      '{\n  "key": 1,\n  "found": true,\n  "value": {"id":1,"name":"first-1"}\n}\n{"key":99,"found":false}\n',
  )
  assert.match(stderr, /key not found: 99/)
})

test('repl: Ctrl-C ends a long command and keeps the session', async (t) => {
  const big = await publishedPlace(['big', 60_000])
  const pty = new Pty(t, ['repl', '-p', big.prefix], { env: { XDG_STATE_HOME: big.folder } })
  await pty.shows(/shardy> $/)
  pty.type('scan --ndjson\r')
  await pty.shows(/"key":50,/)
  pty.type('\u0003')
  await pty.shows(/\nstopped\r?\n(.*\n)*.*shardy> $/)
  assert.ok(!pty.text.includes('big-59999'))
  const from = pty.text.length
  await pty.shows(/shardy> $/)
  pty.type('get 59999\r')
  await pty.shows(/\{"id":59999,"name":"big-59999"\}/, from)
  await pty.shows(/shardy> $/)
  pty.type('exit\r')
  assert.equal((await pty.exit()).code, 0)
})
