/** @typedef {import('../cells.mjs').Cell} Cell */
/** @typedef {import('../at.mjs').At} At */

/** The lowest version that the documentation names, and the newest. */
const COMPILERS = /** @type {const} */ ({
  lowest: 'typescript-5.7/bin/tsc',
  newest: 'typescript/bin/tsc',
})

const STRICT = {
  target: 'ES2022',
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  skipLibCheck: false,
  noEmit: true,
}

const RESOLUTIONS = /** @type {const} */ ({
  nodenext: {
    options: { module: 'NodeNext', lib: ['ES2023', 'ESNext.Disposable'], types: ['node'] },
  },
  bundler: {
    options: {
      module: 'ESNext',
      moduleResolution: 'Bundler',
      lib: ['ES2023', 'ESNext.Disposable', 'DOM', 'DOM.Iterable'],
      types: ['node'],
    },
  },
})

/** @type {readonly Cell[]} */
const packages = Object.entries(COMPILERS).map(([age, tsc]) => ({
  name: `packages-${age}`,
  consumer: 'Each package on top of core, types and one call',
  run: async (/** @type {At} */ at) => {
    const { options } = RESOLUTIONS.nodenext
    at.write({
      'package.json': { private: true, type: 'module' },
      'tsconfig.json': {
        // The declarations of apache-arrow name types of browsers.
        compilerOptions: { ...STRICT, ...options, lib: [...options.lib, 'DOM'] },
        files: ['packages.mts'],
      },
    })
    await at.node([at.tools.script(tsc), '-p', '.'])
    return at.node(['packages.mts', at.prefix], { says: 'packages: ok' })
  },
}))

/** @type {readonly Cell[]} */
const strict = Object.entries(COMPILERS).flatMap(([age, tsc]) =>
  Object.entries(RESOLUTIONS).map(([name, { options }]) => ({
    name: `typescript-${age}-${name}`,
    consumer: 'TypeScript 5.7 to 7.0, `NodeNext` and `Bundler`, strict, `skipLibCheck: false`',
    run: (/** @type {At} */ at) => {
      at.write({
        'package.json': { private: true, type: 'module' },
        'tsconfig.json': { compilerOptions: { ...STRICT, ...options }, files: ['consumer.ts'] },
      })
      return at.node([at.tools.script(tsc), '-p', '.'])
    },
  })),
)

/** @type {readonly Cell[]} */
export const typescript = [...strict, ...packages]
