import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { ndjson, shardy, startShardy } from '../support/shardy.js'
import { emptyPlace, fileIn } from '../support/snapshot.js'

/** Keys that contain characters which other readers treat as line ends. */
const KEYS = ['a\u2028b', 'c\u0085d', 'e\u000Bf', '\uFEFFg', 'plain']

const place = emptyPlace()
const rows = KEYS.map((k, i) => `${JSON.stringify({ k, i })}\n`).join('')
const built = await shardy(
  ['build', '-p', place.prefix, '-k', 'k', '--key-encoding', 'utf8', '--no-progress'],
  { stdin: rows },
)
assert.equal(built.code, 0, built.stderr)

test('multiget: only LF and CRLF end a line of stdin', async () => {
  const stdin = `\uFEFF${KEYS[0]}\r\n${KEYS[1]}\n\n${KEYS[2]}\r\n${KEYS[3]}\n${KEYS[4]}`
  const { stdout, code, stderr } = await shardy(['multiget', '-p', place.prefix, '--ndjson'], {
    stdin,
  })
  assert.deepEqual(
    ndjson(stdout).map(({ key, found }) => [key, found]),
    KEYS.map((key) => [key, true]),
    stderr,
  )
  assert.equal(code, 0)
})

test('multiget: a line that is not UTF-8 is an error that names the line', async () => {
  const stdin = Buffer.concat([Buffer.from('plain\n'), Buffer.from([0xe9, 10])])
  const { code, stderr } = await shardy(['multiget', '-p', place.prefix], { stdin })
  assert.deepEqual([code, stderr], [3, 'shardy: stdin:2: it is not UTF-8\n'])
})

test('exec: a script may have a byte order mark, CRLF line ends, or be UTF-16', async () => {
  const script = '\uFEFFcommands:\r\n  - get plain\r\n'
  for (const content of [script, Buffer.from(script, 'utf16le')]) {
    const path = fileIn(place, 'script.yaml', content)
    const { stdout, stderr } = await shardy(['exec', path, '-p', place.prefix, '--ndjson'])
    assert.equal(ndjson(stdout)[0]!['exitCode'], 0, stderr)
  }
})

test('exec: a script that is nested too deeply or missing is an error and not a crash', async () => {
  const path = fileIn(place, 'deep.yaml', `commands: ${'['.repeat(100_000)}`)
  const deep = await shardy(['exec', path, '-p', place.prefix])
  assert.equal(deep.code, 2, deep.stderr)
  assert.doesNotMatch(deep.stderr, /^\s+at /m)
  const missing = await shardy(['exec', 'nothing.yaml', '-p', place.prefix])
  assert.equal(missing.code, 3)
  assert.match(missing.stderr, /cannot read nothing\.yaml: ENOENT/)
})

test(
  'repl: without a terminal it answers each line before the next one comes',
  { timeout: 60_000 },
  async (t) => {
    const child = startShardy(t, ['repl', '-p', place.prefix, '--ndjson'])
    const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    for (const key of [KEYS[4]!, KEYS[0]!]) {
      child.stdin.write(`get '${key}'\r\n`)
      const { value } = (await answers.next()) as { value: string }
      assert.deepEqual([(JSON.parse(value) as { key: string }).key], [key])
    }
    child.stdin.write('exit\n')
    const [code] = (await once(child, 'exit')) as [number]
    assert.equal(code, 0)
  },
)
