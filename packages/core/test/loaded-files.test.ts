import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

const DIST = new URL('../dist/', import.meta.url)

/** The files of `dist` that an import of one loads. */
function loadedBy(name: string, found = new Set<string>()): Set<string> {
  if (found.has(name)) return found
  found.add(name)
  const text = readFileSync(new URL(name, DIST), 'utf8')
  for (const [, other = ''] of text.matchAll(/^(?:import|export) .*?"\.\/([^"]+)";?$/gm))
    loadedBy(other, found)
  return found
}

test('loaded files: no import loads the code of builds, updates and CEL before it is used', () => {
  for (const entry of ['index.js', 'internal-read.js']) {
    const files = [...loadedBy(entry)]
    assert.ok(files.some((name) => name.startsWith('read-')))
    assert.deepEqual(
      files.filter((name) => /^(build|cel|runs|s3|update)-/.test(name)),
      [],
    )
  }
  assert.ok([...loadedBy('tasks.js')].some((name) => name.startsWith('build-')))
})

test('loaded files: the callers of synchronous readers load no readers', () => {
  const files = [...loadedBy('internal.js')]
  assert.ok(files.some((name) => name.startsWith('shared-')))
  assert.deepEqual(
    files.filter((name) => /^(build|cel|read|runs|s3|update)-/.test(name)),
    [],
  )
})

test('loaded files: in Node no import loads all of valibot, and none the modules of other platforms', () => {
  for (const name of loadedBy('index.js')) {
    const text = readFileSync(new URL(name, DIST), 'utf8')
    assert.doesNotMatch(text, /from "(?:valibot|node:crypto|node:util)"/, name)
    assert.doesNotMatch(text, /-portable\.ts$/m, name)
  }
})
