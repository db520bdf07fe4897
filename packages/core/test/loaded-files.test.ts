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

test('loaded files: a reader loads no code of builds, and no import loads that of CEL', () => {
  const [reader, all] = [[...loadedBy('internal.js')], [...loadedBy('index.js')]]
  assert.ok(reader.some((name) => name.startsWith('read-')))
  assert.ok(all.some((name) => name.startsWith('build-')))
  assert.deepEqual(
    reader.filter((name) => name.startsWith('build-')),
    [],
  )
  assert.deepEqual(
    [...reader, ...all].filter((name) => name.startsWith('cel-')),
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
