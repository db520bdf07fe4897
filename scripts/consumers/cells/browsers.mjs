import { join } from 'node:path'
import { startServer } from '../start-server.mjs'
import { openPage } from '../open-page.mjs'
import { pathWith } from '../tools.mjs'

/** @typedef {import('../cells.mjs').Cell} Cell */
/** @typedef {import('../at.mjs').At} At */

const BUILD_SECONDS = 180

/** Builds a snapshot for HTTP, and serves it; returns its URL. @param {At} at */
async function serveSnapshot(at) {
  const data = join(at.folder, 'served')
  await at.node(['publish-site.mjs', `file://${data}`], { says: 'exercise: ok' })
  return at.serve(data)
}

/** @param {At} at @param {readonly string[]} args @param {RegExp} ready @param {Record<string, string>} env */
async function start(at, args, ready, env = {}) {
  const node = at.tools.node(24)
  const path = { PATH: pathWith(node) }
  const server = await startServer(node, args, { cwd: at.folder, ready, env: { ...path, ...env } })
  at.onClose(server.close)
  return server
}

/** @param {At} at @param {string} url the page */
async function visit(at, url) {
  await openPage(at.tools.script('playwright-core'), `${url}?data=${await serveSnapshot(at)}`)
}

async function textOf(/** @type {string} */ url) {
  const answer = await fetch(url, { signal: AbortSignal.timeout(30_000) })
  return answer.text()
}

/** @param {At} at @param {object} config @param {Record<string, string>} env */
async function next(at, config, env) {
  const root = join(at.app, '../../..')
  const whole = { turbopack: { root }, outputFileTracingRoot: root, ...config }
  at.write({
    'next/package.json': { private: true },
    'next/next.config.mjs': `export default ${JSON.stringify(whole)}`,
  })
  const script = at.tools.script('next/dist/bin/next')
  await at.node([script, 'build', 'next'], { timeoutSeconds: BUILD_SECONDS })
  const args = [script, 'start', 'next', '--port', '0', '--hostname', '127.0.0.1']
  const ready = /(http:\/\/127\.0\.0\.1:\d+)/
  const { found, output } = await start(at, args, ready, { PREFIX: at.prefix, ...env })
  const text = await textOf(`${found[1]}/api`)
  if (text !== 'exercise: ok') throw new Error(`${text}\n${output()}`)
}

/** @type {readonly Cell[]} */
export const browsers = [
  {
    name: 'next',
    consumer: 'Next 16, route handler',
    notes: '`workers` and sync need the recipe of the next row',
    run: (at) => next(at, {}, {}),
  },
  {
    name: 'next-external',
    consumer: "Next 16, `serverExternalPackages: ['@shardyfusion/core', '@shardyfusion/sync']`",
    run: (at) =>
      next(
        at,
        { serverExternalPackages: ['@shardyfusion/core', '@shardyfusion/sync'] },
        { THREADS: '1' },
      ),
  },
  {
    name: 'webpack-browser',
    consumer: 'webpack 5, browser (Chromium)',
    run: async (at) => {
      at.write({ 'out/index.html': '<!doctype html><script src="page.js"></script>' })
      await at.node(['webpack.mjs', 'web', 'site/page.js', 'out', 'page.js'])
      await visit(at, `${await at.serve(join(at.folder, 'out'))}/`)
    },
  },
  {
    name: 'vite-build',
    consumer: 'Vite 8, build (Chromium)',
    run: async (at) => {
      const vite = at.tools.script('vite/bin/vite.js')
      await at.node([
        vite,
        'build',
        'site',
        '--outDir',
        '../out',
        '--emptyOutDir',
        '--target',
        'esnext',
      ])
      await visit(at, `${await at.serve(join(at.folder, 'out'))}/`)
    },
  },
  {
    name: 'vite-dev',
    consumer: 'Vite 8, development server (Chromium)',
    run: async (at) => {
      const { found } = await start(at, ['vite-dev.mjs'], /ready (\S+)/)
      await visit(at, String(found[1]))
    },
  },
  {
    name: 'workerd',
    consumer: 'Cloudflare Workers (workerd)',
    run: async (at) => {
      at.write({ 'workerd/out/worker.mjs': '' })
      await at.node(['workerd/bundle.mjs'])
      const args = ['serve', 'workerd/config.capnp', '--verbose', '--control-fd=1']
      const server = await startServer(at.tools.workerd, args, {
        cwd: at.folder,
        ready: /"event":"listen","socket":"http","port":(\d+)/,
      })
      at.onClose(server.close)
      const data = await serveSnapshot(at)
      const url = `http://127.0.0.1:${server.found[1]}/?data=${data}`
      // One after the other, then two at a time.
      const texts = [await textOf(url), ...(await Promise.all([textOf(url), textOf(url)]))]
      const wrong = texts.find((text) => text !== 'exercise: ok')
      if (wrong !== undefined) throw new Error(`${wrong}\n${server.output()}`)
    },
  },
]
