import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'
import { capture } from '../lib/exec.mjs'
import { isAllowed, licenceText } from '../lib/release/licences.mjs'
import { inOrder } from '../lib/release/publish.mjs'
import { reproducibleSbom } from '../lib/release/sbom.mjs'
import { changedFiles, readSums, writeSums } from '../lib/release/sums.mjs'
import { ROOT } from '../lib/paths.mjs'
import { folder } from './support.mjs'

/** The tarballs in the document that npm sends, in base64. */
const ATTACHED = '_attachments'

test('changedFiles: names the files that differ from SHA256SUMS, which sha256sum can read', (t) => {
  const dir = folder(t, { 'a.tgz': 'a', 'sbom/b.json': 'b' })
  writeSums(dir)
  assert.deepEqual([...readSums(dir).keys()], ['a.tgz', 'sbom/b.json'])
  assert.deepEqual(changedFiles(dir), [])
  if (process.platform === 'linux') {
    assert.equal(capture('sha256sum', ['--check', '--quiet', 'SHA256SUMS'], { cwd: dir }).code, 0)
  }
  writeFileSync(join(dir, 'a.tgz'), 'other')
  assert.deepEqual(changedFiles(dir), ['a.tgz'])
})

test('reproducibleSbom: two documents that differ in time, serial number and order become equal', () => {
  const document = (/** @type {string[]} */ names, /** @type {string} */ serial) =>
    JSON.stringify({
      $schema: 'http://cyclonedx.org/schema/bom-1.7.schema.json',
      bomFormat: 'CycloneDX',
      specVersion: '1.7',
      serialNumber: `urn:uuid:${serial}`,
      metadata: { timestamp: new Date(serial.length).toISOString() },
      components: names.map((name) => ({ name, 'bom-ref': name })),
      dependencies: [{ ref: 'a', dependsOn: names }],
    })
  const time = new Date('2026-11-28T00:00:00Z')
  const a = reproducibleSbom(document(['x', 'y'], '1'), time)
  assert.equal(a, reproducibleSbom(document(['y', 'x'], '22'), time))
  assert.match(
    JSON.parse(a).serialNumber,
    /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/,
  )
  assert.equal(JSON.parse(a).metadata.timestamp, time.toISOString())
  assert.notEqual(a, reproducibleSbom(document(['x', 'z'], '1'), time))
})

test('licenceText: contains the text of every licence, and refuses one that is not allowed', (t) => {
  const dir = folder(t, { 'package.json': '{}', LICENSE: 'You may.\r\n' })
  const one = { name: 'one', versions: ['1.0.0'], paths: [dir], license: 'MIT' }
  assert.match(licenceText({ MIT: [one] }), /one 1\.0\.0\nMIT\n\nYou may\./)
  const other = { ...one, name: 'other', license: 'GPL-3.0-only' }
  assert.throws(() => licenceText({ MIT: [one], GPL: [other] }), /other \(GPL-3\.0-only\)/)
})

for (const [expression, allowed] of /** @type {const} */ ([
  ['(MIT OR GPL-2.0)', true],
  ['MIT AND GPL-2.0', false],
  ['Unknown', false],
])) {
  test(`isAllowed: ${expression} is ${allowed ? '' : 'not '}allowed`, () => {
    assert.equal(isAllowed(expression), allowed)
  })
}

test('inOrder: every package comes after its dependencies', () => {
  const tarball = (/** @type {string} */ name, /** @type {string[]} */ dependencies) => ({
    file: `${name}.tgz`,
    name,
    version: '1.0.0',
    dependencies,
  })
  const sorted = inOrder([
    tarball('cli', ['sync', 'core']),
    tarball('sync', ['core']),
    tarball('core', []),
  ])
  assert.deepEqual(
    sorted.map(({ name }) => name),
    ['core', 'sync', 'cli'],
  )
})

test('publish: uploads with npm, skips what the registry has, and refuses other bytes', async (t) => {
  const registry = await startRegistry(t)
  const dir = folder(t, {
    'one/package.json': JSON.stringify({ name: 'release-one', version: '1.0.0', license: 'MIT' }),
    'one/index.js': 'export const one = 1\n',
    npmrc: `//${new URL(registry.url).host}/:_authToken=of-the-test\n`,
    'app/package.json': '{ "private": true }',
  })
  const env = { npm_config_userconfig: join(dir, 'npmrc'), npm_config_fetch_retries: '0' }
  const out = join(dir, 'app/out')
  const run = async (/** @type {string} */ extra) => {
    const code = `
      import { publish } from ${JSON.stringify(new URL('../lib/release/publish.mjs', import.meta.url).href)}
      try { publish(process.argv[1], { registry: process.argv[2], ${extra} }) } catch (error) { console.log(error.message) }`
    const args = ['--input-type=module', '-e', code, out, registry.url]
    return start(process.execPath, args, { cwd: dir, env })
  }
  await start('npm', ['pack', './one', '--pack-destination', folderAt(out)], { cwd: dir, env })
  writeSums(out)

  assert.match(await run('dryRun: true'), /release-one@1\.0\.0: would be published/)
  assert.deepEqual(registry.names(), [])
  assert.match(await run('dryRun: false'), /release-one@1\.0\.0: published/)
  assert.match(await run('dryRun: false'), /release-one@1\.0\.0: the registry has it/)

  await start(
    'npm',
    ['install', 'release-one', '--registry', registry.url, '--no-audit', '--no-fund'],
    {
      cwd: join(dir, 'app'),
      env: { ...env, npm_config_cache: join(dir, 'cache') },
    },
  )
  const installed = join(dir, 'app/node_modules/release-one/index.js')
  assert.equal(readFileSync(installed, 'utf8'), 'export const one = 1\n')

  writeFileSync(join(dir, 'one/index.js'), 'export const one = 2\n')
  await start('npm', ['pack', './one', '--pack-destination', out], { cwd: dir, env })
  assert.match(
    await run('dryRun: false'),
    /release-one-1\.0\.0\.tgz changed after they were packed/,
  )
  writeSums(out)
  assert.match(await run('dryRun: false'), /other bytes for release-one@1\.0\.0/)
})

test('every public package names its folder in the repository, its pages and how it is published', () => {
  const root = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  for (const dir of packageFolders()) {
    const pkg = JSON.parse(readFileSync(join(ROOT, dir, 'package.json'), 'utf8'))
    assert.deepEqual(pkg.repository, { ...root.repository, directory: dir }, dir)
    assert.equal(pkg.homepage, root.homepage, dir)
    assert.deepEqual(pkg.bugs, root.bugs, dir)
    assert.deepEqual(pkg.publishConfig, { access: 'public', provenance: true }, dir)
    assert.ok(pkg.keywords.length >= 3, `${dir}: keywords`)
    assert.ok(pkg.description.length > 20, `${dir}: description`)
  }
})

test('all packages of the scope share a version', () => {
  const versions = new Map(
    packageFolders()
      .map((dir) => JSON.parse(readFileSync(join(ROOT, dir, 'package.json'), 'utf8')))
      .filter(({ name }) => name.startsWith('@shardyfusion/'))
      .map(({ name, version }) => [name, version]),
  )
  assert.equal(new Set(versions.values()).size, 1, JSON.stringify([...versions]))
  const workspace = readFileSync(join(ROOT, 'pnpm-workspace.yaml'), 'utf8')
  const fixed = workspace.slice(workspace.indexOf('fixed:'), workspace.indexOf('ignore:'))
  for (const name of versions.keys()) assert.ok(fixed.includes(`'${name}'`), `fixed lacks ${name}`)
})

/** The folders of the public packages. */
function packageFolders() {
  const { stdout } = capture('git', ['ls-files', 'packages/*/package.json'])
  return stdout
    .trim()
    .split('\n')
    .map((file) => file.replace('/package.json', ''))
    .filter((dir) => /^packages\/[^/]+$/.test(dir))
    .filter((dir) => !JSON.parse(readFileSync(join(ROOT, dir, 'package.json'), 'utf8')).private)
}

function folderAt(/** @type {string} */ path) {
  capture('mkdir', ['-p', path])
  return path
}

/**
 * Runs a program without blocking this process, which serves the registry.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd: string, env: Record<string, string> }} options
 */
async function start(command, args, { cwd, env }) {
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, timeout: 60_000 })
  let output = ''
  child.stdout.on('data', (text) => (output += text))
  child.stderr.on('data', (text) => (output += text))
  const [code] = await once(child, 'close')
  assert.equal(code, 0, output)
  return output
}

/**
 * A registry with the three requests that npm makes to publish and install: store a document, read it, read a tarball.
 *
 * @param {import('node:test').TestContext} t
 */
async function startRegistry(t) {
  /** @type {Map<string, any>} */
  const packages = new Map()
  const server = createServer((request, response) => {
    const [, name = '', , file] = decodeURIComponent(request.url ?? '').split('/')
    if (request.method === 'PUT') {
      /** @type {Buffer[]} */
      const parts = []
      request.on('data', (part) => parts.push(part))
      request.on('end', () => {
        packages.set(name, JSON.parse(Buffer.concat(parts).toString()))
        response.writeHead(201).end('{}')
      })
      return
    }
    const found = packages.get(name)
    if (found === undefined) response.writeHead(404).end('{"error":"Not found"}')
    else if (file === undefined) response.end(JSON.stringify(found))
    else response.end(Buffer.from(found[ATTACHED][file].data, 'base64'))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  return { url: `http://127.0.0.1:${port}/`, names: () => [...packages.keys()] }
}
