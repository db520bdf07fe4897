import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join, posix, relative, sep } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { importsOf } from '../../core/dist-test/support/imports-of.js'

const SRC = fileURLToPath(new URL('../src', import.meta.url))

/** Each peer, and the one folder that imports it: a program without the peer can import the other entries. */
const OWNERS: Readonly<Record<string, string>> = {
  'prom-client': 'prometheus',
  '@opentelemetry/api': 'opentelemetry',
}
/** The folders that each folder imports, next to itself. */
const KNOWS: Readonly<Record<string, readonly string[]>> = {
  metrics: [],
  prometheus: ['metrics'],
  opentelemetry: ['metrics'],
  logging: ['metrics'],
}

test('src: folders import those they may know, and each peer one folder', () => {
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .map((path) => relative('.', path).split(sep).join('/'))
    .filter((path) => path.endsWith('.ts'))
  const folders = new Set<string>()
  const peers = new Set<string>()
  for (const file of files) {
    const here = file.includes('/') ? file.split('/')[0]! : file.replace(/\.ts$/, '')
    for (const { specifier = '' } of importsOf(file, readFileSync(join(SRC, file), 'utf8'))) {
      const owner = OWNERS[specifier]
      if (owner !== undefined) {
        assert.equal(here, owner, `${file} imports ${specifier}`)
        peers.add(specifier)
      }
      if (!specifier.startsWith('.')) continue
      const there = posix.join(posix.dirname(file), specifier).split('/')[0]!
      folders.add(there)
      assert.ok(
        there === here || KNOWS[here]?.includes(there) === true,
        `${file} imports ${specifier}`,
      )
    }
  }
  // An empty folder, or one that this test does not find, would pass.
  assert.deepEqual(folders, new Set(Object.keys(KNOWS)))
  assert.deepEqual(peers, new Set(Object.keys(OWNERS)))
})
