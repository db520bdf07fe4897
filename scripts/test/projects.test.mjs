import assert from 'node:assert/strict'
import { join, relative } from 'node:path'
import { test } from 'node:test'
import { filesBelow } from '../lib/paths.mjs'
import { compiledTests, listProjects, removeOrphans } from '../lib/projects.mjs'
import { folder } from './support.mjs'

const files = {
  'tsconfig.json': '{ "files": [], "references": [{ "path": "pkg" }] }',
  'pkg/tsconfig.json':
    '{ "files": [], "references": [{ "path": "src" }, { "path": "test/tsconfig.json" }] }',
  'pkg/src/tsconfig.json': '{ "compilerOptions": { "outDir": "../dist" } }',
  'pkg/test/tsconfig.json':
    '{ "compilerOptions": { "rootDir": ".", "outDir": "../dist-test" }, "references": [{ "path": "../src" }] }',
}

test('listProjects: follows references to folders and files, each once', (t) => {
  const root = folder(t, files)
  assert.deepEqual(listProjects(root), [
    { sourceDir: join(root, 'pkg/src'), outDir: join(root, 'pkg/dist') },
    { sourceDir: join(root, 'pkg/test'), outDir: join(root, 'pkg/dist-test') },
  ])
})

test('removeOrphans: removes the outputs of a deleted source, and nothing else', (t) => {
  const root = folder(t, {
    ...files,
    'pkg/test/keys/kept.test.ts': '',
    ...compiled('pkg/dist-test/keys/kept.test'),
    ...compiled('pkg/dist-test/keys/gone.test'),
    'pkg/dist/generated.js': '',
    'pkg/dist/generated.d.ts': '',
    'pkg/dist/.tsbuildinfo': '{}',
  })
  const projects = listProjects(root)
  const removed = removeOrphans(projects)
  assert.deepEqual(removed, [join(root, 'pkg/dist-test/keys/gone.test.js')])
  assert.deepEqual(
    projects.flatMap(({ outDir }) => filesBelow(outDir)).map((file) => relative(root, file)),
    [
      'pkg/dist/.tsbuildinfo',
      'pkg/dist/generated.d.ts',
      'pkg/dist/generated.js',
      ...Object.keys(compiled('pkg/dist-test/keys/kept.test')),
    ].map((path) => join(path)),
  )
})

test('compiledTests: finds only test files below dist-test', (t) => {
  const root = folder(t, {
    ...files,
    'pkg/dist/keys.test.js': '',
    'pkg/dist-test/support/helper.js': '',
    'pkg/dist-test/keys/a.test.js': '',
  })
  const tests = compiledTests(listProjects(root))
  assert.deepEqual(tests, [join(root, 'pkg/dist-test/keys/a.test.js')])
})

/** @param {string} stem */
function compiled(stem) {
  const ends = ['d.ts', 'd.ts.map', 'js', 'js.map']
  return Object.fromEntries(ends.map((end) => [`${stem}.${end}`, '']))
}
