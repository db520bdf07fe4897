import { chmodSync, cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** @typedef {import('../cells.mjs').Cell} Cell */

/** In no list of users; container platforms choose such ids. */
const RANDOM_ID = 1_000_670_000

/** @type {readonly Cell[]} */
export const restrictions = [
  {
    name: 'permission',
    consumer: 'Node with `--permission`',
    notes:
      'with `--allow-fs-read` and `--allow-fs-write` for the files; `--allow-worker` for `workers` and sync',
    run: async (at) => {
      const data = fileURLToPath(at.prefix)
      mkdirSync(data)
      const flags = ['--permission', `--allow-fs-read=${at.app}`, `--allow-fs-write=${data}`]
      await at.exercise([...flags, 'node-core.mjs'])
      await at.exercise([...flags, '--allow-worker', 'node-esm.mjs'])
    },
  },
  {
    name: 'random-user',
    consumer: 'a random user id without a home folder, as on OpenShift',
    run: async (at) => {
      if (process.getuid?.() !== 0) throw new Error('only root can start a process of another user')
      // A folder that other users may enter.
      const folder = realpathSync(mkdtempSync(join(tmpdir(), 'consumer-')))
      at.onClose(() => rmSync(folder, { recursive: true, force: true }))
      chmodSync(folder, 0o777)
      // Hard links where the file systems allow it: a copy takes long.
      const packages = [join(at.app, 'node_modules'), folder]
      await at.run('cp', ['-al', ...packages]).catch(() => at.run('cp', ['-a', ...packages]))
      for (const name of ['node-esm.mjs', 'exercise.mjs'])
        cpSync(join(at.folder, name), join(folder, name))
      const node = join(folder, 'node')
      cpSync(at.tools.node(24), node)
      const data = join(folder, 'data')
      const as = { cwd: folder, uid: RANDOM_ID, env: { HOME: undefined, USER: undefined } }
      const program = ['node-esm.mjs', pathToFileURL(data).href]
      await at.run(node, program, { ...as, says: 'exercise: ok' })
      const shardy = join(folder, 'node_modules/@shardyfusion/cli/dist/bin.js')
      const where = ['--prefix', join(data, 'core')]
      await at.run(node, [shardy, 'get', '7', ...where], { ...as, says: '{"id":7,"name":"row 7"}' })
    },
  },
]
