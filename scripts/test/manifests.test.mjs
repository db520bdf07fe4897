import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ROOT } from '../lib/paths.mjs'

const root = manifest(ROOT)
const packages = readdirSync(join(ROOT, 'packages'))
  .map((name) => join(ROOT, 'packages', name))
  .filter((dir) => existsSync(join(dir, 'package.json')))
  .map(manifest)

/** @returns {any} */
function manifest(/** @type {string} */ dir) {
  return JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8'))
}

for (const { name, engines, dependencies = {} } of packages) {
  test(`${name}: runs on the versions of Node that the repository is tested with`, () => {
    assert.equal(engines.node, root.engines.node)
  })

  // Exact versions would install second copies next to those of a program, and keep security fixes out.
  test(`${name}: takes newer minor versions of what it depends on`, () => {
    for (const [dependency, range] of Object.entries(dependencies)) {
      assert.match(range, /^(\^|workspace:)/, dependency)
    }
  })
}

test('no published package needs native code, SQLite in WebAssembly or an SDK of a cloud', () => {
  const heavy = /^(sql\.js|@node-rs\/|@aws-sdk\/|@smithy\/|better-sqlite3|koffi)/
  for (const { name, dependencies = {} } of packages) {
    assert.deepEqual(
      Object.keys(dependencies).filter((each) => heavy.test(each)),
      [],
      name,
    )
  }
})
