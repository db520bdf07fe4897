import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { findViolations } from './support/import-rules.js'
import { importsOf } from './support/imports-of.js'

const SRC = fileURLToPath(new URL('../src', import.meta.url))

test('src: folders import those they may know, without cycles', () => {
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
  ['of a folder it knows', 'build/a.ts', "import '../keys/x.js'"],
  ['within a folder', 'keys/a.ts', "import './x.js'"],
  ['within a folder, of a deeper one', 'build/a.ts', "import './open/x.js'"],
  ['of a root', 'keys/a.ts', "import '../errors.js'"],
  ['of chunk/ from any folder', 'text/a.ts', "import '../chunk/x.js'"],
  ['of text/ from a root', 'errors.ts', "import './text/x.js'"],
  ['of the layout', 'store/a.ts', "import '../snapshot/layout.js'"],
  ['of any folder, of types', 'engine/a.ts', "import type { X } from '../build/x.js'"],
  ['by index.ts', 'index.ts', "export * from './build/x.js'"],
  ['by testing/', 'testing/a.ts', "import '../build/x.js'; import '../read/x.js'"],
  ['of the binding by its owner', 'slatedb/native/a.ts', "import '@slatedb/uniffi'"],
  [
    'of the AWS SDK by its owner',
    'store/s3/connect/credential-chain.ts',
    "await import('@aws-sdk/credential-providers')",
  ],
  ['of files of SQLite', 'snapshot/manifest/x.ts', "import { SqliteImage } from 'sqlite-file'"],
  ['for Node with a portable twin', 'keys/a.ts', "import '#node/text/x'"],
  ['of other packages', 'keys/a.ts', "import * as v from 'valibot'; import 'node:fs'"],
]

for (const [name, from, source] of allowed) {
  test(`findViolations: allows an import ${name}`, () => {
    assert.deepEqual(findViolations(tree({ [from]: source })), [])
  })
}

const refused: [name: string, from: string, source: string, reason: RegExp][] = [
  ['up', 'keys/a.ts', "import '../routing/x.js'", /keys does not know routing/],
  ['up, lazily', 'text/a.ts', "await import('../keys/x.js')", /text is vocabulary/],
  ['up, re-exported', 'store/a.ts', "export * from '../snapshot/x.js'", /store does not know/],
  ['up, as a worker', 'engine/a.ts', "new URL('../read/x.js', import.meta.url)", /does not know/],
  ['of read/ by build/', 'build/a.ts', "import '../read/x.js'", /build does not know read/],
  ['of build/ by read/', 'read/a.ts', "import '../build/x.js'", /read does not know build/],
  ['of slatedb/ by build/', 'build/a.ts', "import '../slatedb/x.js'", /does not know slatedb/],
  ['of slatedb/ by read/', 'read/a.ts', "import '../slatedb/x.js'", /does not know slatedb/],
  ['of slatedb/ by maintain/', 'maintain/a.ts', "import '../slatedb/x.js'", /not know slatedb/],
  ['of a folder by a root', 'errors.ts', "import './keys/x.js'", /errors.ts is vocabulary/],
  [
    'of types by options/',
    'options/a.ts',
    "import type { X } from '../store/x.js'",
    /options is voc/,
  ],
  ['of a folder by chunk/', 'chunk/a.ts', "import '../store/x.js'", /chunk is vocabulary/],
  ['of testing/', 'build/a.ts', "import '../testing/x.js'", /for tests alone/],
  ['of an unlisted folder', 'build/a.ts', "import '../new/x.js'", /new has no place/],
  ['of a missing file', 'build/a.ts', "import './missing.js'", /no such file/],
  ['up, for Node', 'text/a.ts', "import '#node/keys/x'", /text is vocabulary/],
  ['for Node alone', 'keys/a.ts', "import '#node/chunk/x'", /no portable twin/],
  ['of a computed name', 'engine/a.ts', 'await import(name)', /computed import/],
  ['of itself by name', 'build/a.ts', "import '@shardyfusion/core'", /by relative path/],
  ['of the binding', 'engine/a.ts', "import '@slatedb/uniffi'", /only slatedb\/native\//],
  [
    'of types of the binding',
    'read/a.ts',
    "import type { Db } from '@slatedb/uniffi'",
    /only slatedb\/native\//,
  ],
  [
    'of the AWS SDK',
    'store/s3/s3-store.ts',
    "await import('@aws-sdk/client-s3')",
    /only store\/s3\/connect\/credential-chain/,
  ],
  ['of SQLite', 'snapshot/a.ts', "import 'sql.js'", /only the tests/],
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
    'build/d.ts': "import '../keys/a.js'",
  })
  assert.deepEqual(findViolations(sources), [
    'import cycle: keys/a.ts -> keys/b.ts -> keys/c.ts -> keys/a.ts',
  ])
})

test('findViolations: a cycle may not consist of types either', () => {
  const sources = tree({
    'keys/a.ts': "import './b.js'",
    'keys/b.ts': "import type { A } from './a.js'",
  })
  assert.deepEqual(findViolations(sources), ['import cycle: keys/a.ts -> keys/b.ts -> keys/a.ts'])
})

/** A small source tree: one empty module in each place, and the files given. */
function tree(files: Record<string, string>): ReadonlyMap<string, string> {
  const places = ['maintain', 'build', 'build/open', 'read', 'routing', 'keys', 'snapshot']
  const others = ['store', 'engine', 'slatedb', 'async', 'text', 'chunk', 'testing', 'new']
  const empty = [...places, ...others].map((dir) => `${dir}/x.ts`)
  const portable = ['keys/x-portable.ts', 'text/x-portable.ts', 'snapshot/layout.ts']
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
