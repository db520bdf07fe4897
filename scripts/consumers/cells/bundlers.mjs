import { cpSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'

/** @typedef {import('../cells.mjs').Cell} Cell */
/** @typedef {import('../at.mjs').At} At */

/**
 * Bundles a program by a script, and runs the result in a folder where nothing is installed.
 *
 * @param {At} at
 * @param {readonly string[]} args
 * @param {string} main the name of the bundle
 */
async function bundle(at, args, main) {
  await at.node(args)
  mkdirSync(at.apart, { recursive: true })
  cpSync(join(at.folder, 'out'), at.apart, { recursive: true })
  await at.exercise([main], { cwd: at.apart })
}

const INLINE =
  "with `import '@shardyfusion/core/inline'`; `workers` and sync need [`workerUrl`](../../packages/core/docs/bundlers.md)"

/** @param {At} at @param {object} options */
function esbuild(at, options) {
  const [outfile = ''] = Object.values(options)
  const all = { entryPoints: ['node-inline.mjs'], platform: 'node', ...options }
  return bundle(at, ['esbuild.mjs', JSON.stringify(all)], outfile.split('/').at(-1))
}

/** @type {readonly Cell[]} */
export const bundlers = [
  {
    name: 'esbuild-esm',
    consumer: 'esbuild, one file, ES module',
    notes: INLINE,
    run: (at) => esbuild(at, { outfile: 'out/app.mjs', format: 'esm' }),
  },
  {
    name: 'esbuild-cjs',
    consumer: 'esbuild, one file, CommonJS (AWS Lambda)',
    notes: INLINE,
    run: (at) => esbuild(at, { outfile: 'out/app.cjs', format: 'cjs' }),
  },
  {
    name: 'rollup',
    consumer: 'rollup',
    notes: INLINE,
    run: (at) => bundle(at, ['rollup.mjs', 'node-inline.mjs', 'out'], 'node-inline.mjs'),
  },
  {
    name: 'webpack-node',
    consumer: 'webpack 5, `target: node`',
    notes: 'with `workers` and sync',
    run: (at) =>
      bundle(at, ['webpack.mjs', 'node', 'node-threads.mjs', 'out', 'app.cjs'], 'app.cjs'),
  },
]
