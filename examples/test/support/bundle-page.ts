import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** Bundles the code of a page into `folder`, as `page.js` and an `index.html` whose head starts with `head`. */
export async function bundlePage(folder: string, code: string, head = ''): Promise<void> {
  await build({
    stdin: {
      contents: code,
      resolveDir: fileURLToPath(new URL('../../src/', import.meta.url)),
      sourcefile: 'page.js',
    },
    outdir: folder,
    entryNames: 'page',
    bundle: true,
    format: 'esm',
    target: 'es2022',
    splitting: true,
    logLevel: 'error',
  })
  writeFileSync(join(folder, 'index.html'), `${head}<script type="module" src="page.js"></script>`)
}
