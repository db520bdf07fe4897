import { cpSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openPage } from '../open-page.mjs'
import { startServer } from '../start-server.mjs'

/** @typedef {import('../cells.mjs').Cell} Cell */
/** @typedef {import('../at.mjs').At} At */

const RECIPES = fileURLToPath(new URL('../../../examples/recipes/', import.meta.url))
const START_PAGE = fileURLToPath(new URL('../../../site/pages/index.md', import.meta.url))
const BUILD_SECONDS = 180

/** The product that every recipe looks up. */
const ROPE = '{"id":42,"name":"rope","price":8.5}'

const WRITE_INDEX = `
import { FileStore } from '@shardyfusion/core'
import { writeHttpIndex } from '@shardyfusion/core/maintain'
await writeHttpIndex(new FileStore(), process.argv[2])
`

/** Copies the files of a recipe to the folder of the cell. @param {At} at @param {string} name */
function copyRecipe(at, name) {
  cpSync(join(RECIPES, name), at.folder, { recursive: true })
}

/** The program `node` and the commands of all tools. @param {At} at */
function toolPath(at) {
  const { PATH } = process.env
  return { PATH: `${dirname(at.tools.node(24))}:${at.tools.script('.bin')}:${PATH}` }
}

/** Runs a script of the recipe's package.json. @param {At} at @param {string} name */
function runScript(at, name) {
  const { scripts } = JSON.parse(at.read('package.json'))
  return at.run('sh', ['-c', scripts[name]], { env: toolPath(at), timeoutSeconds: BUILD_SECONDS })
}

/** Publishes the products of the first recipe; returns their folder. @param {At} at */
async function publishProducts(at) {
  cpSync(join(RECIPES, 'start'), join(at.folder, 'start'), { recursive: true })
  await at.node(['start/publish.mjs'], { says: 'published 3 rows' })
  return join(at.folder, 'start/snapshots')
}

/** @param {At} at @param {readonly string[]} args @param {RegExp} ready @param {Record<string, string>} env */
async function start(at, args, ready, env) {
  const [program = '', ...others] = args
  const server = await startServer(program, others, {
    cwd: at.folder,
    ready,
    env: { ...toolPath(at), ...env },
  })
  at.onClose(server.close)
  return server
}

/**
 * Asks for a product that exists, and for one that does not.
 *
 * @param {string} url
 * @param {() => string} output of the server
 */
async function askForProducts(url, output) {
  const ask = (/** @type {number} */ id) =>
    fetch(`${url}/${id}`, { signal: AbortSignal.timeout(30_000) })
  const found = await (await ask(42)).text()
  if (found !== ROPE) throw new Error(`product 42: expected ${ROPE}, got ${found}\n${output()}`)
  const { status } = await ask(1000)
  if (status !== 404) throw new Error(`product 1000: expected status 404, got ${status}`)
}

/** The fenced blocks of a language in a text. @param {string} markdown @param {string} language */
function blocksOf(markdown, language) {
  const blocks = markdown.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)
  return [...blocks].filter(([, name]) => name === language).map(([, , code = '']) => code)
}

/**
 * Does what the first page of the site says: saves its files, and runs its commands in an empty folder.
 * `npm install` takes the tarballs, and compares the output of each command with the page.
 *
 * @param {At} at
 */
async function followStartPage(at) {
  const page = readFileSync(START_PAGE, 'utf8')
  rmSync(at.apart, { recursive: true, force: true })
  mkdirSync(at.apart, { recursive: true })
  for (const [, name = '', code = ''] of page.matchAll(
    /Save this as `([\w.]+)`:\n+<!--[^\n]*-->\n```js\n([\s\S]*?)```/g,
  ))
    at.write({ [name]: code }, at.apart)
  // LanceDB brings 200 MB, which neither the library nor the command needs.
  const tarballs = Object.values(at.tarballs).filter((path) => !path.includes('lancedb'))
  const install = 'install --prefer-offline --ignore-scripts --no-audit --no-fund'
  const npm = `npm() { if [ "$1" = install ]; then shift; command npm ${install} ${tarballs.join(' ')}; else command npm "$@"; fi; }`
  const env = { PATH: `${join(at.apart, 'node_modules/.bin')}:${toolPath(at).PATH}` }
  const run = (/** @type {string} */ line) =>
    at.run('sh', ['-e', '-c', `${npm}\n${line}`], { cwd: at.apart, env, timeoutSeconds: 300 })
  for (const commands of blocksOf(page, 'sh')) await run(commands)
  const steps = blocksOf(page, 'console').flatMap((text) => text.split(/^\$ /m).slice(1))
  if (steps.length < 3) throw new Error('the first page has fewer commands than expected')
  for (const step of steps) {
    const [line = '', ...expected] = step.trimEnd().split('\n')
    const output = (await run(line)).trimEnd()
    if (output !== expected.join('\n'))
      throw new Error(`${line}: expected\n${expected.join('\n')}\ngot\n${output}`)
  }
}

/** @type {readonly Cell[]} */
export const recipes = [
  {
    name: 'recipe-nextjs',
    consumer: 'recipe: Next.js',
    run: async (at) => {
      copyRecipe(at, 'nextjs')
      // Next looks for packages below its root, and the tools are in a folder above.
      const root = join(at.app, '../../..')
      const config = at.read('next.config.mjs').replace('export default {', 'const recipe = {')
      const place = { turbopack: { root }, outputFileTracingRoot: root }
      at.write({
        'next.config.mjs': `${config}\nexport default { ...recipe, ...${JSON.stringify(place)} }\n`,
      })
      await runScript(at, 'build')
      const args = [at.tools.node(24), at.tools.script('next/dist/bin/next'), 'start']
      const { found, output } = await start(
        at,
        [...args, '--port', '0', '--hostname', '127.0.0.1'],
        /(http:\/\/127\.0\.0\.1:\d+)/,
        { PREFIX: `file://${await publishProducts(at)}` },
      )
      await askForProducts(`${found[1]}/api/products`, output)
    },
  },
  {
    name: 'recipe-start',
    consumer: 'recipe: the first page of the site',
    run: followStartPage,
  },
  {
    name: 'recipe-vite',
    consumer: 'recipe: Vite',
    run: async (at) => {
      copyRecipe(at, 'vite')
      await runScript(at, 'build')
      const url = await at.serve(join(at.folder, 'dist'))
      await openPage(at.tools.script('playwright-core'), `${url}/`, 'rope')
    },
  },
  {
    name: 'recipe-cloudflare-workers',
    consumer: 'recipe: Cloudflare Workers',
    run: async (at) => {
      const recipe = join(RECIPES, 'cloudflare-workers')
      cpSync(join(recipe, 'worker.mjs'), join(at.folder, 'workerd/worker.mjs'))
      const [, date] = /^compatibility_date = "(.+)"$/m.exec(
        readFileSync(join(recipe, 'wrangler.toml'), 'utf8'),
      ) ?? ['', '']
      const folder = await publishProducts(at)
      at.write({ 'write-index.mjs': WRITE_INDEX })
      await at.node(['write-index.mjs', `file://${folder}`])
      const products = await at.serve(folder)
      // Instead of wrangler, which is large: the same bundle, and the same runtime.
      const config = at
        .read('workerd/config.capnp')
        .replace(/compatibilityDate = "[^"]*"/, `compatibilityDate = "${date}"`)
        .replace(
          'globalOutbound',
          `bindings = [(name = "PREFIX", text = "${products}")],\n      globalOutbound`,
        )
      at.write({ 'workerd/config.capnp': config, 'workerd/out/worker.mjs': '' })
      await at.node(['workerd/bundle.mjs'])
      const args = ['serve', 'workerd/config.capnp', '--verbose', '--control-fd=1']
      const ready = /"event":"listen","socket":"http","port":(\d+)/
      const { found, output } = await start(at, [at.tools.workerd, ...args], ready, {})
      await askForProducts(`http://127.0.0.1:${found[1]}/products`, output)
    },
  },
  {
    name: 'recipe-lambda',
    consumer: 'recipe: AWS Lambda',
    run: async (at) => {
      copyRecipe(at, 'lambda')
      await runScript(at, 'build')
      await runScript(at, 'test')
    },
  },
  {
    name: 'recipe-jest',
    consumer: 'recipe: Jest',
    run: async (at) => {
      copyRecipe(at, 'jest')
      const output = await runScript(at, 'test')
      if (!output.includes('2 passed, 2 total')) throw new Error(output)
    },
  },
  {
    name: 'recipe-docker',
    consumer: 'recipe: Docker',
    run: async (at) => {
      copyRecipe(at, 'docker')
      const dockerfile = at.read('Dockerfile')
      const [, command = ''] = /^CMD (\[.+\])$/m.exec(dockerfile) ?? []
      const [program, ...args] = JSON.parse(command)
      if (program !== 'node' || !/^USER node$/m.test(dockerfile)) throw new Error(dockerfile)
      const server = await start(at, [at.tools.node(24), ...args], /listening on (\d+)/, {
        PREFIX: `file://${await publishProducts(at)}`,
        CACHE_FOLDER: join(at.folder, 'cache'),
        HOST: '127.0.0.1',
        PORT: '0',
      })
      const url = `http://127.0.0.1:${server.found[1]}`
      await askForProducts(`${url}/products`, server.output)
      const health = await fetch(`${url}/health`, { signal: AbortSignal.timeout(30_000) })
      if (health.status !== 200) throw new Error(`health: status ${health.status}`)
    },
  },
  {
    name: 'recipe-kubernetes',
    consumer: 'recipe: Kubernetes',
    run: async (at) => {
      copyRecipe(at, 'kubernetes')
      const { parseAllDocuments } = createRequire(join(at.app, 'package.json'))('yaml')
      // As literals of these types, the manifests may not have fields that Kubernetes does not know.
      const lines = ['build.yaml', 'serve.yaml'].flatMap((file) =>
        parseAllDocuments(at.read(file)).map(
          (/** @type {any} */ document, /** @type {number} */ i) => {
            const { apiVersion, kind } = document.toJS()
            const name = `${kind}${i}`
            const type = `import('kubernetes-models/${apiVersion}').I${kind}`
            return `export const ${name}: ${type} = ${JSON.stringify(document)}`
          },
        ),
      )
      at.write({
        'package.json': { private: true, type: 'module' },
        'manifests.ts': lines.join('\n'),
        'tsconfig.json': {
          compilerOptions: {
            module: 'NodeNext',
            target: 'ES2022',
            strict: true,
            skipLibCheck: true,
            noEmit: true,
          },
          files: ['manifests.ts'],
        },
      })
      if (lines.length < 3) throw new Error('fewer manifests than expected')
      await at.node([at.tools.script('typescript/bin/tsc'), '-p', '.'])
    },
  },
]
