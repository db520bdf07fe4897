/** @typedef {import('../cells.mjs').Cell} Cell */

/** @type {readonly (20 | 22 | 24 | 26)[]} */
const LINES = [20, 22, 24, 26]

const NODE = 'Node 20, 22, 24 and 26, `import` and `require`'

/** @type {readonly Cell[]} */
export const runtimes = [
  ...LINES.flatMap((line) => [
    {
      name: `node-${line}-esm`,
      consumer: NODE,
      run: (/** @type {import('../at.mjs').At} */ at) => at.exercise(['node-esm.mjs'], { line }),
    },
    {
      name: `node-${line}-require`,
      consumer: NODE,
      run: (/** @type {import('../at.mjs').At} */ at) =>
        at.exercise(['node-require.cjs'], { line }),
    },
  ]),
  {
    name: 'bun',
    consumer: 'Bun',
    run: (at) => at.run(at.tools.bun, ['node-esm.mjs', at.prefix], { says: 'exercise: ok' }),
  },
  {
    name: 'deno',
    consumer: 'Deno',
    notes: 'with `-A`, or the permissions for files, network, environment and system information',
    run: async (at) => {
      const args = ['run', '-A', '--no-lock', 'node-esm.mjs', at.prefix]
      const output = await at.run(at.tools.deno, args, { says: 'exercise: ok' })
      if (/uncaught|TypeError/i.test(output)) throw new Error(`Deno printed an error:\n${output}`)
    },
  },
]
