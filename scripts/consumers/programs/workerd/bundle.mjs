// Bundles the worker as wrangler does: a WebAssembly file becomes a separate module.
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'

const modules = {
  name: 'wasm-modules',
  setup({ onResolve }) {
    onResolve({ filter: /\.wasm$/ }, ({ path, resolveDir }) => {
      copyFileSync(join(resolveDir, path), 'workerd/out/slatedb.wasm')
      return { path: './slatedb.wasm', external: true }
    })
  },
}
await build({
  entryPoints: ['workerd/worker.mjs'],
  outfile: 'workerd/out/worker.mjs',
  bundle: true,
  format: 'esm',
  conditions: ['workerd', 'worker', 'browser'],
  external: ['node:*'],
  plugins: [modules],
  logLevel: 'warning',
})
