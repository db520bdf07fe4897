import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { COMMANDS } from '#dist/commands/specs.js'
import { shardy } from '../support/shardy.js'
import { tempFolder } from '@shardyfusion/test-support/temp-folder'
import { writeFileSync } from 'node:fs'

const folder = tempFolder()

function shellThere(name: string): string | false {
  return spawnSync(name, ['-c', 'true']).status === 0 ? false : `no ${name} on this machine`
}

test(
  'completion: bash completes commands, options, their values and files',
  { skip: shellThere('bash') },
  async () => {
    const script = join(folder, 'shardy.bash')
    writeFileSync(script, (await shardy(['completion', 'bash'])).stdout)
    writeFileSync(join(folder, 'rows.ndjson'), '')
    const complete = (...words: string[]): string[] => {
      const program = `source ${script}; COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _shardy; printf '%s\\n' "\${COMPREPLY[@]}"`
      const { stdout, stderr } = spawnSync('bash', ['-c', program], {
        cwd: folder,
        encoding: 'utf8',
      })
      assert.equal(stderr, '')
      return stdout.split('\n').filter(Boolean)
    }
    assert.deepEqual(complete('shardy', 'ro'), ['route', 'rollback'])
    assert.deepEqual(complete('shardy', 'scan', '--lim'), ['--limit'])
    assert.deepEqual(complete('shardy', 'get', '--format', ''), [
      'table',
      'json',
      'ndjson',
      'csv',
      'raw',
    ])
    assert.deepEqual(complete('shardy', 'completion', ''), ['bash', 'zsh', 'fish'])
    assert.deepEqual(complete('shardy', 'config', ''), ['show'])
    assert.deepEqual(complete('shardy', 'build', 'ro'), ['rows.ndjson'])
    assert.deepEqual(complete('shardy', '--prefix', '/x', 'sc'), ['scan'])
  },
)

for (const shell of ['bash', 'zsh', 'fish'] as const) {
  test(
    `completion: the script for ${shell} has every command, and is one ${shell} takes`,
    { skip: shellThere(shell) && shell === 'bash' },
    async (t) => {
      const { code, stdout } = await shardy(['completion', shell])
      assert.equal(code, 0)
      for (const { name } of COMMANDS) assert.match(stdout, new RegExp(`\\b${name}\\b`))
      if (shellThere(shell) !== false)
        return t.diagnostic(`not parsed: ${String(shellThere(shell))}`)
      const file = join(folder, `shardy.${shell}`)
      writeFileSync(file, stdout)
      const { stderr } = spawnSync(shell, ['-n', file], { encoding: 'utf8' })
      assert.equal(stderr, '')
    },
  )
}

test('completion: an unknown shell is a usage error', async () => {
  const { code, stderr } = await shardy(['completion', 'tcsh'])
  assert.equal(code, 2)
  assert.match(stderr, /Allowed choices are bash, zsh, fish/)
})
