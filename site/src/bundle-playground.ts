import { copyFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { build } from 'esbuild'
import { SITE } from './places.js'

/** Bundles the playground for browsers, with the engine next to it. It loads only on its page. */
export async function bundlePlayground(folder: string): Promise<void> {
  await build({
    entryPoints: [join(SITE, 'playground/start.ts')],
    outdir: folder,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    // Parts that load on demand, such as the compiler of expressions, stay in separate files.
    splitting: true,
    chunkNames: 'chunk-[hash]',
    logLevel: 'error',
  })
  const resolveFromCore = createRequire(import.meta.resolve('@shardyfusion/core')).resolve
  copyFileSync(resolveFromCore('slatedb-wasm/slatedb.wasm'), join(folder, 'slatedb.wasm'))
}
