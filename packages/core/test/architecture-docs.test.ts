import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'

const core = new URL('../src/', import.meta.url)
const others = ['sync', 'serve']

for (const name of ['architecture', 'decisions']) {
  test(`docs/${name}.md: names files and folders that exist`, () => {
    const text = readFileSync(new URL(`../docs/${name}.md`, import.meta.url), 'utf8')
    const named = [
      ...text.matchAll(/(?<![\w./:-])((?:[\w-]+\/)*[\w-]+\.ts|(?:[\w-]+\/)+)(?![\w/])/g),
    ]
    const paths = [...new Set(named.map(([, path]) => path!))]
    const isSource = (path: string): boolean => path.endsWith('.ts')
    if (name === 'architecture') {
      assert.ok(paths.filter(isSource).length > 50, 'each step names its file')
    }
    const missing = paths.filter((path) => {
      const other = others.find((folder) => path.startsWith(`${folder}/`))
      const url =
        other === undefined
          ? new URL(path, core)
          : new URL(`../../${other}/src/${path.slice(other.length + 1)}`, import.meta.url)
      return !existsSync(url)
    })
    // In the bucket, not in the source tree.
    const inStorage = ['runs/']
    assert.deepEqual(
      missing.filter((path) => !inStorage.includes(path)),
      [],
    )
  })
}
