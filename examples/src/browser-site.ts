// Creates a folder of static files with a page and its database: node examples/dist/browser-site.js ./site --serve
import { once } from 'node:events'
import { copyFile, mkdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { FileStore, writeSnapshot } from '@shardyfusion/core'
import { writeHttpIndex } from '@shardyfusion/core/maintain'
import { build } from 'esbuild'
import { cities, type City, CREDIT } from './support/cities.js'
import { parseCommandLine, userPath, wholeNumber } from './support/command-line.js'
import { type Main, runIfMain, usageFailure } from './support/program.js'
import { serveFolder } from './support/static-server.js'

const USAGE = `Usage: browser-site <folder> [--serve] [--port <n>]

Writes a page that looks up cities, and its snapshot, as static files for any web server.

  --serve      serve the folder on 127.0.0.1 until Ctrl-C
  --port <n>   port, 0 for any free one (default 8080)`

const SOURCES = new URL('../src/browser/', import.meta.url)

/** Writes the page, its script and modules, and a snapshot of `rows` below `data/`. */
export async function buildSite(folder: string, rows: readonly City[] = cities): Promise<void> {
  await mkdir(folder, { recursive: true })
  await build({
    entryPoints: [fileURLToPath(new URL('page.ts', SOURCES))],
    outdir: folder,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    // Modules that are imported on demand, such as the CEL compiler, stay in separate files.
    splitting: true,
    chunkNames: 'chunk-[hash]',
    logLevel: 'error',
  })
  for (const name of ['index.html', 'style.css']) {
    await copyFile(new URL(name, SOURCES), join(folder, name))
  }
  // The WebAssembly module of the engine.
  const resolveFromCore = createRequire(import.meta.resolve('@shardyfusion/core')).resolve
  await copyFile(resolveFromCore('slatedb-wasm/slatedb.wasm'), join(folder, 'slatedb.wasm'))
  // #region publish
  const prefix = pathToFileURL(join(folder, 'data')).href
  await writeSnapshot(rows, { prefix, sharding: { shards: 8 }, key: 'id', values: 'json' })
  await writeHttpIndex(new FileStore(), prefix)
  // #endregion
}

export const main: Main = async (args, { stdout, signal }) => {
  const options = {
    serve: { type: 'boolean' },
    port: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  } as const
  const { values, positionals } = parseCommandLine({ args, options, allowPositionals: true }, USAGE)
  if (values.help) {
    stdout.write(`${USAGE}\n`)
    return
  }
  const [folder, ...others] = positionals
  if (folder === undefined || others.length > 0) throw usageFailure('expected one folder', USAGE)
  const port = wholeNumber(values.port, 8080, 'port', USAGE)
  const path = userPath(folder)
  await buildSite(path)
  stdout.write(`The site is in ${path}\n${CREDIT}\n`)
  if (!values.serve) return
  const server = await serveFolder(path, { port })
  stdout.write(`Open ${server.url}/ (Ctrl-C ends it)\n`)
  if (!signal.aborted) await once(signal, 'abort')
  await server.close()
}

await runIfMain(import.meta.url, main)
