import { join } from 'node:path'
import { findPnpm } from '../../lib/install.mjs'

/** @typedef {import('../cells.mjs').Cell} Cell */
/** @typedef {import('../at.mjs').At} At */

const INSTALL_SECONDS = 180

/** Copies the programs to a folder without an installed package above it. @param {At} at */
function copyPrograms(at) {
  for (const name of ['node-esm.mjs', 'exercise.mjs']) at.write({ [name]: at.read(name) }, at.apart)
}

/** Packages by the tarball of each, for a package.json. @param {At} at */
function fromTarballs(at) {
  return Object.fromEntries(
    Object.entries(at.tarballs).map(([name, tarball]) => [name, `file:${tarball}`]),
  )
}

/** @type {readonly Cell[]} */
export const installers = [
  {
    name: 'yarn-pnp',
    consumer: "Yarn 4, Plug'n'Play",
    run: async (at) => {
      copyPrograms(at)
      // Yarn resolves the native packages of all platforms, which not every registry has.
      const { '@shardyfusion/lancedb': _, ...packages } = fromTarballs(at)
      at.write(
        {
          'package.json': {
            private: true,
            type: 'module',
            dependencies: packages,
            resolutions: packages,
          },
          '.yarnrc.yml': 'nodeLinker: pnp\nenableTelemetry: false\nenableScripts: false\n',
          'yarn.lock': '',
        },
        at.apart,
      )
      const inside = { cwd: at.apart }
      await at.node([at.tools.yarn, 'install', '--no-immutable'], {
        ...inside,
        timeoutSeconds: INSTALL_SECONDS,
      })
      await at.exercise([at.tools.yarn, 'node', 'node-esm.mjs'], inside)
    },
  },
  {
    name: 'pnpm',
    consumer: 'pnpm, strict `node_modules`',
    run: async (at) => {
      copyPrograms(at)
      const packages = fromTarballs(at)
      const overrides = Object.entries(packages).map(([name, from]) => `  '${name}': '${from}'\n`)
      at.write(
        {
          'package.json': {
            private: true,
            type: 'module',
            dependencies: {
              '@shardyfusion/core': packages['@shardyfusion/core'],
              '@shardyfusion/sync': packages['@shardyfusion/sync'],
            },
          },
          'pnpm-workspace.yaml': `packages: []\noverrides:\n${overrides.join('')}`,
        },
        at.apart,
      )
      const [command, ...first] = findPnpm()
      const args = [
        ...first,
        'install',
        '--no-frozen-lockfile',
        '--ignore-scripts',
        '--prefer-offline',
      ]
      await at.run(command, args, { cwd: at.apart, timeoutSeconds: INSTALL_SECONDS })
      await at.exercise(['node-esm.mjs'], { cwd: at.apart })
    },
  },
  {
    name: 'omit-optional',
    consumer: '`npm install --omit=optional`',
    run: async (at) => {
      copyPrograms(at)
      at.write({ 'package.json': { private: true, type: 'module' } }, at.apart)
      const args = [
        'install',
        '--omit=optional',
        '--prefer-offline',
        '--ignore-scripts',
        '--no-audit',
        '--no-fund',
      ]
      const tarballs = [
        'slatedb-wasm',
        'sqlite-file',
        '@shardyfusion/core',
        '@shardyfusion/sync',
      ].flatMap((name) => at.tarballs[name] ?? [])
      await at.run('npm', [...args, ...tarballs], {
        cwd: at.apart,
        timeoutSeconds: INSTALL_SECONDS,
      })
      await at.exercise([join(at.apart, 'node-esm.mjs')], { cwd: at.apart })
    },
  },
]
