import assert from 'node:assert/strict'
import { join, sep } from 'node:path'
import { test } from 'node:test'
import { inspectPackage } from '../lib/inspect-package.mjs'
import { folder } from './support.mjs'

const sound = {
  'package.json': '{}',
  'README.md': 'reads file:///path',
  LICENSE: 'Apache',
  'src/keys/a.ts': '',
  'dist/keys/a.js': '',
  'dist/keys/a.js.map': JSON.stringify({ sources: ['../../src/keys/a.ts'] }),
}

test('inspectPackage: reports no problem for a sound package', (t) => {
  assert.deepEqual(inspectPackage(folder(t, sound)), [])
})

const machine = join(sep, 'home', 'someone')

/** @type {[name: string, files: Record<string, string>, problem: RegExp][]} */
const defects = [
  ['a test', { 'src/a.test.ts': '' }, /^src\/a\.test\.ts: a test/],
  ['a test folder', { 'dist-test/support.js': '' }, /^dist-test\/support\.js: a test folder$/],
  ['a tsconfig', { 'src/tsconfig.json': '{}' }, /compiler configuration/],
  ['build notes', { 'dist/.tsbuildinfo': '{}' }, /state of the build/],
  ['a path of this machine', { 'dist/b.js': `'${join(machine, 'x')}'` }, /^dist\/b\.js: mentions/],
  [
    'a map that references files outside the package',
    { 'dist/b.js.map': JSON.stringify({ sources: ['../../core/src/b.ts'] }) },
    /^dist\/b\.js\.map: source .* is outside of the package$/,
  ],
  ['a file for tests', { 'dist/modules/keys/a.js': '' }, /a file for tests$/],
]

for (const [name, files, problem] of defects) {
  test(`inspectPackage: reports ${name}`, (t) => {
    const problems = inspectPackage(folder(t, { ...sound, ...files }), [machine])
    assert.equal(problems.length, 1, problems.join('\n'))
    assert.match(problems[0] ?? '', problem)
  })
}

test('inspectPackage: reports a missing licence', (t) => {
  const { LICENSE: _, ...files } = sound
  assert.deepEqual(inspectPackage(folder(t, files)), ['LICENSE is missing'])
})
