import assert from 'node:assert/strict'
import { spawn } from '@lydell/node-pty'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { test } from 'node:test'
import { COMMANDS } from '#dist/commands/specs.js'
import { SETTINGS } from '#dist/config/setting-list.js'
import { EXIT } from '#dist/util/exit-codes.js'
import { BIN, cleanEnvironment } from './support/shardy.js'
import { tempFolder } from '@shardyfusion/test-support/temp-folder'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
const page = readFileSync(new URL('../../../site/pages/command-line.md', import.meta.url), 'utf8')

interface Step {
  readonly command: string
  readonly output: string
}

/** The commands of all `console` blocks, each with the output below it. */
function session(): Step[] {
  const blocks = [...readme.matchAll(/^```console\n([\s\S]*?)^```$/gm)].map(([, text]) => text!)
  return blocks.flatMap((text) =>
    text
      .split(/^\$ /m)
      .slice(1)
      .map((step) => {
        const end = step.indexOf('\n')
        return { command: step.slice(0, end), output: step.slice(end + 1) }
      }),
  )
}

/** Replaces ids, sizes and times, which differ between runs. */
function comparable(output: string): string {
  return output
    .replaceAll('\r', '')
    .replace(/\b[0-9a-f]{32}\b/g, 'RUN')
    .replace(/\b[\d.]+ (?:[KM]iB|B|ms|s)\b/g, 'AMOUNT')
    .replace(/ +$/gm, '')
}

/** Runs a line in bash on a terminal, with `shardy` on the path. Returns the text that stays visible. */
function type(line: string, cwd: string, env: Record<string, string>): Promise<string> {
  const pty = spawn('bash', ['-c', line], { cols: 100, rows: 40, cwd, env })
  let output = ''
  pty.onData((data) => (output += data))
  return new Promise((resolve) =>
    pty.onExit(() => {
      const plain = output.replace(/\u001B\[[0-9;?]*[A-Za-z]/g, '')
      // The progress is redrawn in place, in two lines.
      const kept = plain
        .split(/\r?\n|\r/)
        .filter(
          (text) => !/^($|writing|sealing|publishing|done|verifying|shards +[□■▣])/.test(text),
        )
      resolve(kept.join('\n'))
    }),
  )
}

test(
  'README: its session is what a user sees',
  { skip: process.platform === 'win32' },
  async () => {
    const folder = tempFolder()
    const shim = join(folder, 'shardy')
    writeFileSync(shim, `#!/bin/sh\nexec "${process.execPath}" "${BIN}" "$@"\n`)
    chmodSync(shim, 0o755)
    const env: Record<string, string> = cleanEnvironment({
      PATH: `${folder}${delimiter}${process.env['PATH']}`,
      NO_COLOR: '1',
      TERM: 'xterm',
    })
    const steps = session()
    assert.ok(steps.length > 10)
    for (const { command, output } of steps) {
      const [, name, value] = /^export (\w+)=(.*)$/.exec(command) ?? []
      if (name !== undefined) env[name] = value!
      else
        assert.equal(
          comparable(await type(command, folder, env)).trimEnd(),
          comparable(output).trimEnd(),
          command,
        )
    }
  },
)

test('the site: its session is that of the README', () => {
  const sessionOf = (text: string): string[] => text.match(/^```console\n[\s\S]*?^```$/gm) ?? []
  assert.deepEqual(sessionOf(page), sessionOf(readme))
})

test('the site: contains every command, every exit code, and only existing settings', () => {
  for (const { name } of COMMANDS) assert.match(page, new RegExp(`(\`|shardy )${name}\\b`), name)
  for (const code of Object.values(EXIT)) assert.match(page, new RegExp(`^\\| ${code} \\|`, 'm'))
  const [, toml] = /```toml\n([\s\S]*?)```/.exec(page)!
  const names = [...toml!.matchAll(/^([\w-]+) =/gm)].map(([, name]) => name!)
  assert.ok(names.length > 3)
  for (const name of names)
    assert.ok(
      SETTINGS.some((spec) => [name, `s3.${name}`, `cache.${name}`].includes(spec.name)),
      name,
    )
})
