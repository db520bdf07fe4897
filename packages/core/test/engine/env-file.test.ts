import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parseEnvFile } from '#dist/engine/environment.js'

const vectors = JSON.parse(
  readFileSync(new URL('../../test/golden/vectors.json', import.meta.url), 'utf8'),
) as { dotenv: { text: string; result: Record<string, string> }[] }

test('parseEnvFile: reads env files as the Python project does', () => {
  assert.ok(vectors.dotenv.length > 0)
  for (const { text, result } of vectors.dotenv)
    assert.deepEqual(parseEnvFile(text), result, JSON.stringify(text))
})

test('parseEnvFile: lines end as Python ends them', () => {
  assert.deepEqual(parseEnvFile('A=1\r\nB=2\rC=3\u2028D=4'), { A: '1', B: '2', C: '3', D: '4' })
})
