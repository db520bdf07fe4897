import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { findViolations } from './support/import-rules.js'
import { importsOf } from './support/imports-of.js'

const SRC = fileURLToPath(new URL('../src', import.meta.url))

test('src: imports point down the folders, without cycles', () => {
  const sources = readSources(SRC)
  assert.ok(sources.has('index.ts'), 'the sources of the package must be where this test looks')
  assert.deepEqual(findViolations(sources), [])
})

test('importsOf: finds every way to load a module, and what is only a type', () => {
  const source = `
    import {
      a,
      type B,
    } from './multi-line.js'
    import './side-effect.js'
    import type { C } from './type.js'
    import { type D } from './kept.js'
    export { e } from './named.js'
    export * from './star.js'
    export type { F } from './type-export.js'
    export const local = 1
    // import './comment.js'
    const text = "import './string.js'"
    const lazy = async () => await import('./dynamic.js')
    const plain = import(\`./template.js\`)
    const computed = import(text)
    const worker = new Worker(new URL('./worker.js', import.meta.url))
    const data = new URL('./data.wasm', import.meta.url)
    const common = require('common')
    let shape: import('./type-position.js').Shape
  `
  const found = importsOf('sample.ts', source)
  assert.deepEqual(
    new Map(found.map(({ specifier, typeOnly }) => [specifier, typeOnly])),
    new Map([
      ['./multi-line.js', false],
      ['./side-effect.js', false],
      ['./type.js', true],
      ['./kept.js', false],
      ['./named.js', false],
      ['./star.js', false],
      ['./type-export.js', true],
      ['./dynamic.js', false],
      ['./template.js', false],
      [undefined, false],
      ['./worker.js', false],
      ['common', false],
      ['./type-position.js', true],
    ]),
  )
  assert.equal(found.length, 13)
})

test('importsOf: refuses a file it cannot parse', () => {
  assert.throws(() => importsOf('broken.ts', 'import { from'), /^SyntaxError: broken\.ts: /)
})

const allowed: [name: string, from: string, source: string][] = [
  ['down the list', 'writer/a.ts', "import '../keys/x.js'"],
  ['within a folder', 'keys/a.ts', "import './x.js'"],
  ['of a root', 'keys/a.ts', "import '../errors.js'"],
  ['of chunk/ from the last folder', 'util/a.ts', "import '../chunk/x.js'"],
  ['of util/ from a root', 'options.ts', "import './util/x.js'"],
  ['up the list, of types', 'engine/a.ts', "import type { X } from '../writer/x.js'"],
  ['by index.ts', 'index.ts', "export * from './writer/x.js'"],
  ['by testing/', 'testing/a.ts', "import '../writer/x.js'; import '../reader/x.js'"],
  ['of the binding by its owner', 'engine/native/a.ts', "import '@slatedb/uniffi'"],
  ['of S3 by its owner', 'objects/s3-store.ts', "await import('@aws-sdk/client-s3')"],
  ['of SQLite by its owner', 'manifest/load-sql-js-portable.ts', "import initSqlJs from 'sql.js'"],
  ['for Node with a portable twin', 'keys/a.ts', "import '#node/util/x'"],
  ['of other packages', 'keys/a.ts', "import * as v from 'valibot'; import 'node:fs'"],
]

for (const [name, from, source] of allowed) {
  test(`findViolations: allows an import ${name}`, () => {
    assert.deepEqual(findViolations(tree({ [from]: source })), [])
  })
}

const refused: [name: string, from: string, source: string, reason: RegExp][] = [
  ['up the list', 'keys/a.ts', "import '../routing/x.js'", /routing\/ comes before keys\//],
  ['up, lazily', 'util/a.ts', "await import('../keys/x.js')", /keys\/ comes before util\//],
  ['up, re-exported', 'objects/a.ts', "export * from '../runs/x.js'", /runs\/ comes before/],
  ['up, as a worker', 'engine/a.ts', "new URL('../reader/x.js', import.meta.url)", /before engine/],
  ['of reader/ by writer/', 'writer/a.ts', "import '../reader/x.js'", /never import each other/],
  ['of writer/ by reader/', 'reader/a.ts', "import '../writer/x.js'", /writer\/ comes before/],
  ['of a folder by a root', 'options.ts', "import './keys/x.js'", /may import other roots/],
  ['of a folder by chunk/', 'chunk/a.ts', "import '../objects/x.js'", /may import other roots/],
  ['of testing/', 'writer/a.ts', "import '../testing/x.js'", /for tests alone/],
  ['of an unlisted folder', 'writer/a.ts', "import '../new/x.js'", /new has no place/],
  ['of a missing file', 'writer/a.ts', "import './missing.js'", /no such file/],
  ['up the list, for Node', 'util/a.ts', "import '#node/keys/x'", /keys\/ comes before util\//],
  ['for Node alone', 'keys/a.ts', "import '#node/chunk/x'", /no portable twin/],
  ['of a computed name', 'engine/a.ts', 'await import(name)', /computed import/],
  ['of itself by name', 'writer/a.ts', "import '@shardyfusion/core'", /by relative path/],
  ['of the binding', 'engine/a.ts', "import '@slatedb/uniffi'", /only engine\/native\//],
  [
    'of types of the binding',
    'reader/a.ts',
    "import type { Db } from '@slatedb/uniffi'",
    /only engine\/native\//,
  ],
  ['of S3', 'objects/a.ts', "await import('@aws-sdk/client-s3')", /only objects\/s3-/],
  ['of SQLite', 'manifest/a.ts', "import 'sql.js'", /only manifest\/load-sql-js/],
]

for (const [name, from, source, reason] of refused) {
  test(`findViolations: refuses an import ${name}`, () => {
    const [violation = '', ...others] = findViolations(tree({ [from]: source }))
    assert.match(violation, reason)
    assert.ok(violation.startsWith(`${from} -> `), violation)
    assert.deepEqual(others, [])
  })
}

test('findViolations: names the files of an import cycle once', () => {
  const sources = tree({
    'keys/a.ts': "import './b.js'",
    'keys/b.ts': "export { c } from './c.js'",
    'keys/c.ts': "import './a.js'",
    'writer/d.ts': "import '../keys/a.js'",
  })
  assert.deepEqual(findViolations(sources), [
    'import cycle: keys/a.ts -> keys/b.ts -> keys/c.ts -> keys/a.ts',
  ])
})

test('findViolations: types may form a cycle', () => {
  const sources = tree({
    'keys/a.ts': "import './b.js'",
    'keys/b.ts': "import type { A } from './a.js'",
  })
  assert.deepEqual(findViolations(sources), [])
})

/** A small source tree: one empty module in each place, and the files given. */
function tree(files: Record<string, string>): ReadonlyMap<string, string> {
  const places = ['writer', 'reader', 'routing', 'keys', 'manifest', 'runs', 'objects', 'engine']
  const empty = [...places, 'util', 'chunk', 'testing', 'new'].map((dir) => `${dir}/x.ts`)
  const portable = ['keys/x-portable.ts', 'util/x-portable.ts']
  const modules = [...empty, ...portable, 'index.ts', 'errors.ts'].map((file): [string, string] => [
    file,
    '',
  ])
  return new Map([...modules, ...Object.entries(files)])
}

function readSources(dir: string): ReadonlyMap<string, string> {
  const sources = new Map<string, string>()
  for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.ts')) continue
    const path = join(entry.parentPath, entry.name)
    sources.set(relative(dir, path).split(sep).join('/'), readFileSync(path, 'utf8'))
  }
  return sources
}
