import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const PACKAGES = fileURLToPath(new URL('../..', import.meta.url))
const MAX_FILES = 14
const MAX_LINES = 300
/** The first line of a file that is longer for a reason. */
const REASON = /^\/\/ Long because \w.{20,}/

const packages = readdirSync(PACKAGES)
assert.ok(packages.length > 9, 'the packages must be where this test looks')

for (const name of ['core', 'sync']) {
  test(`${name}: no folder of src has more than ${MAX_FILES} files`, () => {
    const counts = new Map<string, number>()
    for (const file of sourceFiles(name)) {
      const folder = relative(PACKAGES, dirname(file))
      counts.set(folder, (counts.get(folder) ?? 0) + 1)
    }
    assert.ok(counts.size > 5, 'the sources must be where this test looks')
    assert.deepEqual(
      [...counts].filter(([, count]) => count > MAX_FILES),
      [],
    )
  })
}

for (const name of packages) {
  test(`${name}: files of src with more than ${MAX_LINES} lines give a reason`, () => {
    const files = sourceFiles(name)
    assert.ok(files.length > 5, 'the sources must be where this test looks')
    const long = files.filter((file) => {
      const text = readFileSync(file, 'utf8')
      return text.split('\n').length - 1 > MAX_LINES && !REASON.test(text)
    })
    assert.deepEqual(
      long.map((file) => relative(PACKAGES, file)),
      [],
    )
  })
}

function sourceFiles(name: string): string[] {
  return readdirSync(join(PACKAGES, name, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
}
