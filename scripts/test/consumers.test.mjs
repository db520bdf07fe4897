import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { CELLS, DOCUMENTED } from '../consumers/cells.mjs'
import { recipes } from '../consumers/cells/recipes.mjs'
import { CommandFailure, runCommand } from '../consumers/run-command.mjs'
import { serveFolder } from '../consumers/serve-folder.mjs'
import { startServer } from '../consumers/start-server.mjs'
import { ROOT } from '../lib/paths.mjs'
import { folder } from './support.mjs'

/** @param {string} code @param {Partial<Parameters<typeof runCommand>[2]>} options */
function node(code, options = {}) {
  return runCommand(process.execPath, ['-e', code], { cwd: process.cwd(), ...options })
}

test('consumers: every cell has a name, and is a recipe or a row of the documentation', () => {
  const names = CELLS.map(({ name }) => name)
  assert.equal(new Set(names).size, names.length)
  assert.deepEqual(new Set([...DOCUMENTED, ...recipes]), new Set(CELLS))
})

test('runCommand: gives both streams of a program that succeeds', async () => {
  assert.equal(await node('console.error("a")'), 'a\n')
  assert.equal(await node('process.stdin.pipe(process.stdout)', { input: 'b' }), 'b')
})

test('runCommand: a failure has the end of the output', async () => {
  await assert.rejects(
    node('console.log("x".repeat(100_000)); console.log("end"); process.exit(3)'),
    (error) => {
      assert.ok(error instanceof CommandFailure)
      assert.match(error.message, /ended with exit code 3/)
      assert.ok(error.output.endsWith('end\n') && error.output.length < 70_000)
      return true
    },
  )
})

test('runCommand: a program that does not end is killed with its children', async () => {
  // The child holds the output open, so this ends only if it is killed, too.
  const child = 'setInterval(() => {}, 1000)'
  const code = `require('node:child_process').spawn(process.execPath, ['-e', '${child}'], { stdio: 'inherit' })
    console.log('started'); ${child}`
  await assert.rejects(node(code, { timeoutSeconds: 1 }), /did not end within 1 s/)
})

test('startServer: fails at once if the program ends before it serves', async () => {
  const options = { cwd: process.cwd(), ready: /ready/ }
  const failed = startServer(process.execPath, ['-e', 'console.log("no")'], options)
  await assert.rejects(
    failed,
    (error) => error instanceof CommandFailure && error.output === 'no\n',
  )
})

test('serveFolder: serves files and ranges of one folder, and nothing outside it', async (t) => {
  const root = folder(t, { 'site/index.html': 'page', secret: 'no' })
  const { url, close } = await serveFolder(`${root}/site`)
  t.after(close)
  assert.equal(await (await fetch(`${url}/`)).text(), 'page')
  const part = await fetch(`${url}/index.html`, { headers: { range: 'bytes=1-2' } })
  assert.deepEqual([part.status, await part.text()], [206, 'ag'])
  assert.equal((await fetch(`${url}/index.html`, { headers: { range: 'bytes=9-' } })).status, 416)
  assert.equal((await fetch(`${url}/%2e%2e/secret`)).status, 404)
  assert.equal((await fetch(`${url}/..%2fsecret`)).status, 404)
})

for (const { name } of recipes) {
  const recipe = name.replace('recipe-', '')
  if (recipe === 'start') continue
  test(`recipe ${recipe}: its page uses scripts that its project has`, () => {
    const page = readFileSync(join(ROOT, `site/pages/recipes/${recipe}.md`), 'utf8')
    const project = join(ROOT, `examples/recipes/${recipe}`)
    assert.ok(existsSync(project))
    const manifest = join(project, 'package.json')
    const { scripts } = existsSync(manifest)
      ? JSON.parse(readFileSync(manifest, 'utf8'))
      : { scripts: {} }
    for (const [, script = ''] of page.matchAll(/\bnpm (?:run )?(build|test|start|dev)\b/g))
      assert.ok(Object.hasOwn(scripts, script), script)
  })
}
