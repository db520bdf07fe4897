import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { bundledPackage } from '../lib/bundle.mjs'
import { folder } from './support.mjs'

test('bundledPackage: reads from package.json which files are made of which sources', (t) => {
  const dir = folder(t, {
    'package.json': JSON.stringify({
      name: 'sample',
      bin: { sample: './dist/bin.js' },
      imports: { '#dist/*': './dist/modules/*' },
      exports: {
        '.': {
          types: './dist/modules/index.d.ts',
          node: './dist/index.js',
          default: './dist/portable/index.js',
        },
        './thread': { types: './dist/modules/work/thread.d.ts', default: './dist/thread.js' },
        './data.wasm': { types: './data.wasm.d.ts', default: './data.wasm' },
        './package.json': './package.json',
      },
    }),
  })
  assert.deepEqual(
    bundledPackage(dir)?.outputs,
    new Map([
      [
        join(dir, 'dist'),
        new Map([
          ['index.js', join(dir, 'src/index.ts')],
          ['thread.js', join(dir, 'src/work/thread.ts')],
          ['bin.js', join(dir, 'src/bin.ts')],
        ]),
      ],
      [join(dir, 'dist/portable'), new Map([['index.js', join(dir, 'src/index.ts')]])],
    ]),
  )
})

test('bundledPackage: leaves alone a package that ships the output of the compiler', (t) => {
  const exports = { '.': { types: './dist/index.d.ts', default: './dist/index.js' } }
  const dir = folder(t, { 'package.json': JSON.stringify({ name: 'sample', exports }) })
  assert.equal(bundledPackage(dir), undefined)
  assert.equal(bundledPackage(join(dir, 'none')), undefined)
})
