import { copyFileSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathWith } from '../tools.mjs'

/** @typedef {import('../cells.mjs').Cell} Cell */

const PAGE = new URL('../../../site/pages/command-line.md', import.meta.url)

/** The commands of the page, which this cell runs as they are. @param {string} markdown */
function recipeOf(markdown) {
  const [, recipe] = /^## A single executable\n[\s\S]*?```sh\n([\s\S]*?)```/m.exec(markdown) ?? []
  if (recipe === undefined) throw new Error('the page has no recipe for a single executable')
  return recipe
}

/** @type {readonly Cell[]} */
export const executables = [
  {
    name: 'single-executable',
    consumer: 'a single executable of the command line (Node SEA)',
    notes: '[the recipe](command-line.md#a-single-executable)',
    run: async (at) => {
      const modules = join(at.app, 'node_modules')
      symlinkSync(modules, join(at.folder, 'node_modules'))
      const recipe = recipeOf(readFileSync(PAGE, 'utf8'))
      const bins = dirname(at.tools.script('.bin/esbuild'))
      const env = { PATH: `${bins}:${pathWith(at.tools.node(24))}` }
      await at.run('sh', ['-e', '-c', `npx() { "$@"; }\n${recipe}`], { env })

      mkdirSync(at.apart, { recursive: true })
      const program = join(at.apart, 'shardy')
      copyFileSync(join(at.folder, 'shardy'), program)
      const inside = { cwd: at.apart }
      const rows = '{"id":7,"name":"rope"}\n'
      const build = ['build', '-', '--key', 'id', '--no-progress', '--prefix']
      await at.run(program, [...build, 'snap'], { ...inside, input: rows })
      await at.run(program, ['get', '7', '--prefix', 'snap'], { ...inside, says: rows })
      await at.run(program, ['scan', '--prefix', 'snap'], { ...inside, says: 'rope' })
      await at.run(program, ['verify', '--prefix', 'snap'], inside)
      await at.run(program, [...build, 'other', '--workers', '2'], { ...inside, input: rows })
    },
  },
]
