import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ndjson, shardy } from '../support/shardy.js'
import { fileIn, publishedPlace } from '../support/snapshot.js'

const place = await publishedPlace(['first', 30])
let scripts = 0

function run(yaml: string, ...args: string[]) {
  const script = fileIn(place, `${scripts++}.yaml`, yaml)
  return shardy(['exec', script, '-p', place.prefix, ...args])
}

test('exec: runs lines and maps, and prints the exit code and the output of each as JSON', async () => {
  const { code, stdout } = await run(`
commands:
  - get 7
  - { op: multiget, keys: [1, 2] }
  - { op: scan, start: 3, limit: 2, keys_only: true }
  - op: get
    key: 99
  - info
`)
  assert.equal(code, 1)
  const rows = ndjson(stdout)
  assert.deepEqual(rows[0], {
    command: 'get 7',
    exitCode: 0,
    result: { key: 7, found: true, value: { id: 7, name: 'first-7' } },
  })
  assert.deepEqual(
    (rows[1]!['result'] as { key: number }[]).map(({ key }) => key),
    [1, 2],
  )
  assert.deepEqual(
    [rows[2]!['command'], rows[2]!['result']],
    ['scan --start 3 --limit 2 --keys-only', [{ key: 3 }, { key: 4 }]],
  )
  assert.deepEqual([rows[3]!['exitCode'], rows[3]!['result']], [1, { key: 99, found: false }])
  assert.equal((rows[4]!['result'] as { runId: string }).runId, 'first')
})

test('exec: an error stops the script, unless on_error is continue', async () => {
  const stopped = await run('commands: [get abc, get 1]')
  assert.equal(stopped.code, 2)
  assert.deepEqual(
    ndjson(stopped.stdout).map(({ error }) => (error as { code: string }).code),
    ['USAGE'],
  )
  const goes = await run('on_error: continue\ncommands: [nonsense, "get 1"]')
  assert.equal(goes.code, 2)
  const [wrong, right] = ndjson(goes.stdout)
  assert.match(String(wrong!['message']), /unknown command 'nonsense'/)
  assert.equal(right!['exitCode'], 0)
})

test('exec: prints each command above its result for people, and writes a complete file', async () => {
  const text = await run('commands: ["get 1", "scan --limit 1"]', '--format', 'table')
  assert.equal(
    text.stdout,
    '> get 1\n{"id":1,"name":"first-1"}\n> scan --limit 1\nkey  value\n  0  {"id":0,"name":"first-0"}\n',
  )
  const file = join(place.folder, 'out.ndjson')
  assert.equal((await run('commands: ["get 1"]', '-o', file)).stdout, '')
  assert.equal(ndjson(readFileSync(file, 'utf8')).length, 1)
})

const mistakes: [name: string, yaml: string, message: RegExp][] = [
  ['no list', 'get: 1', /expected a list under "commands:"/],
  [
    'an unknown word',
    'commands: []\non_eror: stop',
    /unknown "on_eror"; a script has "commands" and "on_error"/,
  ],
  [
    'a map without op',
    'commands: [{ key: 1 }]',
    /command 1: expected a command line, or a map with "op"/,
  ],
  ['wrong YAML', 'commands: [', /\.yaml: .*line 1|\.yaml: Flow/],
  ['an open quote', `commands: ["get 'x"]`, /the line must close every quote, got an open '/],
]
for (const [name, yaml, message] of mistakes) {
  test(`exec: ${name} is a usage error, and nothing runs`, async () => {
    const { code, stdout, stderr } = await run(yaml)
    assert.deepEqual([code, stdout], [2, ''])
    assert.match(stderr, message)
  })
}
