import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cpuMs } from '@shardyfusion/test-support/cpu-ms'
import { Glob } from '#dist/resp/glob.js'

function matches(pattern: string, key: string): boolean {
  return new Glob(Buffer.from(pattern)).matches(Buffer.from(key))
}

test('Glob: matches as Redis does', () => {
  // Taken from the answers of Redis 7.0 to KEYS with one key.
  for (const [pattern, key, isMatch] of [
    ['*', '', true],
    ['*', 'abc', true],
    ['abc', 'abc', true],
    ['abc', 'abcd', false],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['a*c', 'abbbc', true],
    ['a*b*c', 'axxbyyc', true],
    ['a*b*c', 'axxcyyb', false],
    ['[abc]x', 'bx', true],
    ['[a-c]x', 'bx', true],
    ['[c-a]x', 'bx', true],
    ['[^a-c]x', 'bx', false],
    ['[^a-c]x', 'dx', true],
    ['a\\*c', 'a*c', true],
    ['a\\*c', 'abc', false],
    ['[\\]]', ']', true],
    ['user:*', 'user:1', true],
    ['**a', 'bba', true],
  ] as const) {
    assert.equal(matches(pattern, key), isMatch, `${pattern} ${key}`)
  }
})

test('Glob: has a prefix that every match starts with', () => {
  for (const [pattern, prefix] of [
    ['user:*', 'user:'],
    ['a\\*b*', 'a*b'],
    ['*x', ''],
    ['[ab]x', ''],
    ['abc', 'abc'],
  ] as const) {
    assert.equal(Buffer.from(new Glob(Buffer.from(pattern)).prefix).toString(), prefix)
  }
})

test('Glob: a hostile pattern takes bounded time', () => {
  const startedAt = cpuMs()
  assert.equal(matches(`${'a*'.repeat(50)}b`, 'a'.repeat(5000)), false)
  assert.ok(cpuMs() - startedAt < 2000)
})
