import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ProtocolError, RequestParser } from '#dist/resp/request-parser.js'
import { command } from '../support/raw-client.js'

const LIMITS = { requestBytes: 4096, words: 8, wordBytes: 1024 }

function parse(chunks: readonly Buffer[]): string[][] {
  const parser = new RequestParser(LIMITS)
  const found: string[][] = []
  for (const chunk of chunks) {
    parser.push(chunk)
    while (parser.next()) {
      const words: string[] = []
      for (let i = 0; i < parser.words; i++)
        words.push(parser.buffer.toString('latin1', parser.starts[i], parser.ends[i]))
      found.push(words)
    }
  }
  return found
}

test('RequestParser: finds the same commands however the bytes are divided', () => {
  const word = fc.uint8Array({ maxLength: 40 })
  const commands = fc.array(fc.array(word, { minLength: 1, maxLength: 8 }), { maxLength: 12 })
  fc.assert(
    fc.property(commands, fc.array(fc.nat(2000), { maxLength: 30 }), (all, cuts) => {
      const bytes = Buffer.concat(all.map((words) => command(...words)))
      const places = [...new Set([0, ...cuts.filter((at) => at < bytes.length), bytes.length])]
      const sorted = places.toSorted((a, b) => a - b)
      const chunks = sorted.slice(1).map((end, i) => Buffer.from(bytes.subarray(sorted[i], end)))
      const expected = all.map((words) => words.map((w) => Buffer.from(w).toString('latin1')))
      assert.deepEqual(parse(chunks), expected)
      const single = Array.from(bytes, (byte) => Buffer.of(byte))
      assert.deepEqual(parse(single), expected)
    }),
    { numRuns: 200 },
  )
})

test('RequestParser: reads inline commands, and ignores empty lines and empty commands', () => {
  const bytes = Buffer.from('\r\n\n  PING  \r\n*0\r\n*-1\r\nget   a b\nECHO')
  assert.deepEqual(parse([bytes]), [['PING'], ['get', 'a', 'b']])
  assert.deepEqual(parse([Buffer.from('\n'.repeat(200_000))]), [])
})

test('RequestParser: refuses what is not a command, or exceeds a limit', () => {
  const cases: [string, RegExp][] = [
    ['*9\r\n', /invalid multibulk length/],
    ['*99999999999999999\r\n', /invalid multibulk length/],
    ['*1x\r\n', /invalid multibulk length/],
    ['*\r\n', /invalid multibulk length/],
    ['*1\rx', /invalid multibulk length/],
    [`*${'0'.repeat(40)}`, /invalid multibulk length/],
    ['*1\r\n+OK\r\n', /expected '\$', got '\+'/],
    ['*1\r\n\u0000', /expected '\$', got '\\x00'/],
    ['*1\r\n$-1\r\n', /invalid bulk length/],
    ['*1\r\n$1025\r\n', /invalid bulk length/],
    ['*1\r\n$3\r\nabcd\r\n', /expected CRLF/],
    [`*8\r\n${`$1024\r\n${'x'.repeat(1024)}\r\n`.repeat(4)}`, /too big command/],
    ['a '.repeat(9) + '\n', /too many words/],
    ['x'.repeat(5000), /too big inline request/],
    [`${'x'.repeat(5000)}\n`, /too big inline request/],
  ]
  for (const [text, message] of cases) {
    assert.throws(
      () => parse([Buffer.from(text)]),
      (error) => error instanceof ProtocolError && message.test(error.message),
      JSON.stringify(text.slice(0, 30)),
    )
  }
})

test('RequestParser: holds no large buffer when the input is used up', () => {
  const parser = new RequestParser({ requestBytes: 2 ** 21, words: 4, wordBytes: 2 ** 20 })
  const bytes = command('ECHO', Buffer.alloc(2 ** 20))
  for (let at = 0; at < bytes.length; at += 1000) {
    parser.push(bytes.subarray(at, at + 1000))
    assert.equal(parser.next(), at + 1000 >= bytes.length)
    assert.ok(parser.buffer.length <= 4 * 2 ** 20)
  }
  assert.equal(parser.next(), false)
  assert.equal(parser.buffer.length, 0)
  assert.equal(parser.isInside, false)
})
