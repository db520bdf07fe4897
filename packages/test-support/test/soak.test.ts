import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const SOAK = import.meta.resolve('@shardyfusion/test-support/soak')

/** What soak(10, 100) is, and whether the long form runs. */
function soaking(value: string | undefined) {
  const script = `import { IS_SOAK, soak } from '${SOAK}'; console.log(soak(10, 100), IS_SOAK)`
  const { SHARDYFUSION_SOAK: _, ...rest } = process.env
  const env = value === undefined ? rest : { ...rest, SHARDYFUSION_SOAK: value }
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    encoding: 'utf8',
    env,
  })
  return stdout.trim() || stderr
}

test('soak: short by default, long on request, and a multiple of it', () => {
  assert.equal(soaking(undefined), '10 false')
  assert.equal(soaking(''), '10 false')
  assert.equal(soaking('0'), '10 false')
  assert.equal(soaking('1'), '100 true')
  assert.equal(soaking('20'), '2000 true')
  assert.equal(soaking('0.01'), '10 true')
  assert.match(soaking('yes'), /must be a number/)
})
