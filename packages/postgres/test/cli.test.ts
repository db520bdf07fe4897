import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startPostgres } from './support/postgres-server.js'

const server = await startPostgres()
const folder = mkdtempSync(join(tmpdir(), 'shardyfusion-postgres-cli-'))
after(async () => {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

const BIN = fileURLToPath(new URL('../../cli/dist/bin.js', import.meta.url))
// The folder of this package, because the module of the catalog is looked up from the current folder.
const CWD = fileURLToPath(new URL('..', import.meta.url))

interface Output {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

function shardy(args: readonly string[], stdin = ''): Promise<Output> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [BIN, ...args], { cwd: CWD, timeout: 60_000 })
    let [stdout, stderr] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, stdout, stderr }))
    child.stdin.end(stdin)
  })
}

const rows = [1, 2].map((id) => `${JSON.stringify({ id, name: `row ${id}` })}\n`).join('')

test('shardy builds and reads with --catalog postgres://…, and shows no password', async () => {
  const secret = server.url.replace('tester', 'tester:hunter2')
  const place = ['--prefix', join(folder, 'prices'), '--catalog', secret]
  const built = await shardy(['build', '--key', 'id', '--shards', '2', ...place], rows)
  assert.equal(built.code, 0, built.stderr)
  const got = await shardy(['get', '2', '--raw', ...place])
  assert.match(got.stdout, /row 2/, got.stderr)
  const history = await shardy(['history', '--json', ...place])
  assert.equal(history.code, 0, history.stderr)
  const settings = await shardy(['config', 'show', ...place])
  assert.match(settings.stdout, /postgres:\/\/\*+@127\.0\.0\.1/)
  const away = await shardy([
    'get',
    '2',
    '--prefix',
    folder,
    '--catalog',
    'postgres://u:hunter2@127.0.0.1:1/d',
  ])
  assert.equal(away.code === 0, false)
  assert.match(away.stderr, /ECONNREFUSED/)
  for (const { stdout, stderr } of [built, got, history, settings, away])
    assert.doesNotMatch(stdout + stderr, /hunter2/)
})

test('a plan of tasks contains the catalog without its password', async () => {
  const secret = server.url.replace('tester', 'tester:hunter2')
  const place = ['--prefix', join(folder, 'planned'), '--catalog', secret]
  const { code, stdout, stderr } = await shardy(['plan', '--shards', '1', ...place])
  assert.equal(code, 0, stderr)
  assert.match(stdout, /postgresCatalog/)
  assert.doesNotMatch(stdout, /hunter2/)
})

test('a malformed URL of a catalog is a usage error that does not repeat it', async () => {
  const place = ['--prefix', folder, '--catalog', 'postgres://u:hunter2@[']
  const { code, stderr } = await shardy(['get', '1', ...place])
  assert.equal(code, 2)
  assert.match(stderr, /catalog must be a URL of the form postgres:\/\/user@host:port\/database/)
  assert.doesNotMatch(stderr, /hunter2/)
})
