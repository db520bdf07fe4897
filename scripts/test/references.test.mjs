import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { test } from 'node:test'
import { capture } from '../lib/exec.mjs'
import { filesBelow, fromRoot, ROOT } from '../lib/paths.mjs'

const OWN = /from '(@shardyfusion\/[a-z-]+|slatedb-wasm|sqlite-file)[/']/g

// Without the reference, a fresh clone compiles the importing project before the imported one exists.
test('every TypeScript project refers to the packages that it imports', () => {
  const folders = new Map(
    projects('packages/*/package.json').map((file) => {
      const { name } = JSON.parse(readFileSync(join(ROOT, file), 'utf8'))
      return [name, join(ROOT, dirname(file), 'src')]
    }),
  )
  for (const file of projects('*/tsconfig.json')) {
    const folder = join(ROOT, dirname(file))
    if (!/^(packages\/[^/]+|examples|bench)\/(src|test)\/tsconfig\.json$/.test(file)) continue
    const reached = reach(folder)
    for (const source of filesBelow(folder).filter((each) => each.endsWith('.ts'))) {
      for (const [, name = ''] of readFileSync(source, 'utf8').matchAll(OWN)) {
        const imported = folders.get(name)
        if (imported === undefined || reached.has(imported)) continue
        assert.fail(`${fromRoot(source)} imports ${name}; add ${fromRoot(imported)} to ${file}`)
      }
    }
  }
})

function projects(/** @type {string} */ pattern) {
  return capture('git', ['ls-files', '--cached', '--others', '--exclude-standard', pattern])
    .stdout.trim()
    .split('\n')
    .filter((file) => !file.includes('/test/') || file.endsWith('/test/tsconfig.json'))
}

/** The folders of a project and of all that it refers to. */
function reach(/** @type {string} */ folder, /** @type {Set<string>} */ found = new Set()) {
  if (found.has(folder)) return found
  found.add(folder)
  const { references = [] } = JSON.parse(readFileSync(join(folder, 'tsconfig.json'), 'utf8'))
  for (const { path } of references) reach(resolve(folder, path), found)
  return found
}
