import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'

/** @typedef {import('../cells.mjs').Cell} Cell */

/** Node's name for the place in its binary where the program goes. */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2'

/** @type {readonly Cell[]} */
export const executables = [
  {
    name: 'single-executable',
    consumer: 'a single executable of the command line (Node SEA)',
    waitsFor: 'a bundle finds slatedb.wasm',
    run: async (at) => {
      const entry = join(at.app, 'node_modules/@shardyfusion/cli/dist/bin.js')
      const options = {
        entryPoints: [entry],
        platform: 'node',
        format: 'cjs',
        outfile: 'out/shardy.cjs',
      }
      await at.node(['esbuild.mjs', JSON.stringify(options)])
      at.write({
        'sea.json': {
          main: 'out/shardy.cjs',
          output: 'out/shardy.blob',
          disableExperimentalSEAWarning: true,
        },
      })
      await at.node(['--experimental-sea-config', 'sea.json'])
      mkdirSync(at.apart, { recursive: true })
      const program = join(at.apart, 'shardy')
      copyFileSync(at.tools.node(24), program)
      const postject = at.tools.script('postject/dist/cli.js')
      await at.node([
        postject,
        program,
        'NODE_SEA_BLOB',
        'out/shardy.blob',
        '--sentinel-fuse',
        FUSE,
      ])
      const inside = { cwd: at.apart }
      const where = ['--prefix', 'snap']
      const rows = '{"id":7,"name":"rope"}\n'
      const build = ['build', '-', '--key', 'id', '--no-progress', ...where]
      await at.run(program, build, { ...inside, input: rows })
      await at.run(program, ['get', '7', ...where], { ...inside, says: rows })
      await at.run(program, ['scan', ...where], { ...inside, says: 'rope' })
    },
  },
]
