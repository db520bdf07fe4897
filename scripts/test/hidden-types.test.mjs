import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { hiddenTypes } from '../lib/hidden-types.mjs'

/** The hidden types of a package that consists of these declaration files. */
function hiddenIn(/** @type {Record<string, string>} */ files) {
  const dir = mkdtempSync(join(tmpdir(), 'hidden-types-'))
  try {
    const exports = {
      '.': { types: './dist/index.d.ts', default: './dist/index.js' },
      './extend': { types: './dist/extend.d.ts', default: './dist/extend.js' },
      './internal': { types: './dist/internal.d.ts', default: './dist/internal.js' },
      './package.json': './package.json',
    }
    writeFileSync(join(dir, 'package.json'), JSON.stringify({ name: 'sample', exports }))
    for (const [path, text] of Object.entries(files)) {
      const file = join(dir, 'dist', path)
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, text)
    }
    return hiddenTypes(dir)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

/** A function `open` whose result has the type `Shelf`. */
const OPEN = `
  import type { Shelf } from './parts/shelf.js'
  export declare function open(): Promise<Shelf>
`
const SHELF = 'export interface Shelf { readonly books: number }\n'

test('a type in a public signature that no entry exports is named, with its file', () => {
  const files = { 'index.d.ts': OPEN, 'parts/shelf.d.ts': SHELF }
  assert.deepEqual(hiddenIn(files), [
    'sample: open uses Shelf of dist/parts/shelf.d.ts, which no entry point exports',
  ])
})

test('any public entry may export it, under any name; an internal one does not count', () => {
  const files = { 'index.d.ts': OPEN, 'parts/shelf.d.ts': SHELF }
  const reexport = "export type { Shelf as Rack } from './parts/shelf.js'\n"
  assert.deepEqual(hiddenIn({ ...files, 'extend.d.ts': reexport }), [])
  assert.deepEqual(hiddenIn({ ...files, 'extend.d.ts': "export * from './parts/shelf.js'\n" }), [])
  assert.equal(hiddenIn({ ...files, 'internal.d.ts': reexport }).length, 1)
})

test('types are found in heritage, type queries and imports in place, and in exported types in turn', () => {
  const files = {
    'index.d.ts': `
      import { LIMIT } from './parts/limit.js'
      import type { Base } from './parts/base.js'
      export interface Book extends Base { readonly limit: typeof LIMIT }
      export type Page = import('./parts/page.js').Page
    `,
    'parts/limit.d.ts': 'export declare const LIMIT = 4\n',
    'parts/base.d.ts': 'export interface Base {}\n',
    'parts/page.d.ts': 'export interface Page {}\n',
  }
  assert.deepEqual(
    hiddenIn(files).map((line) => line.split(',')[0]),
    [
      'sample: Book uses Base of dist/parts/base.d.ts',
      'sample: Book uses LIMIT of dist/parts/limit.d.ts',
      'sample: Page uses Page of dist/parts/page.d.ts',
    ],
  )
})

test('types of other packages and of private members are not hidden', () => {
  const text = `
    import type { Readable } from 'node:stream'
    interface Secret {}
    export declare class Reader { #state; private secret; read(from: Readable): Uint8Array }
  `
  assert.deepEqual(hiddenIn({ 'index.d.ts': text }), [])
})

test('the constructor of a class counts only if an entry exports the class as a value', () => {
  const files = {
    'scan.d.ts': `
      interface Source {}
      interface Chunk {}
      export declare class Scan {
        constructor(source: Source)
        static of(source: Source): Scan
        next(): Chunk
      }
    `,
  }
  const asType = hiddenIn({ ...files, 'index.d.ts': "export { type Scan } from './scan.js'\n" })
  assert.deepEqual(asType, [
    'sample: Scan uses Chunk of dist/scan.d.ts, which no entry point exports',
  ])
  const asValue = hiddenIn({ ...files, 'index.d.ts': "export { Scan } from './scan.js'\n" })
  assert.equal(asValue.length, 2)
  const asBoth = hiddenIn({
    ...files,
    'index.d.ts': "export type { Scan } from './scan.js'\n",
    'extend.d.ts': "export { Scan } from './scan.js'\n",
  })
  assert.equal(asBoth.length, 2)
})
