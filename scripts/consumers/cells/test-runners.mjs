/** @typedef {import('../cells.mjs').Cell} Cell */
/** @typedef {import('../at.mjs').At} At */

/**
 * @param {At} at
 * @param {object} config
 * @param {readonly string[]} [flags] of node
 */
function jest(at, config, flags = []) {
  at.write({
    'package.json': { private: true, type: 'module' },
    'jest.config.json': { testEnvironment: 'node', testMatch: ['**/trial.test.mjs'], ...config },
  })
  const args = [
    ...flags,
    at.tools.script('jest/bin/jest.js'),
    '--runInBand',
    '--config',
    'jest.config.json',
  ]
  return at.node(args, { says: 'Tests:       4 passed, 4 total' })
}

/** @param {At} at @param {object} config */
function vitest(at, config) {
  at.write({
    'package.json': { private: true, type: 'module' },
    'vitest.config.mjs': `export default ${JSON.stringify({
      test: { globals: true, include: ['trial.test.mjs'], ...config },
    })}`,
  })
  return at.node([at.tools.script('vitest/vitest.mjs'), 'run'], { says: 'Tests  4 passed (4)' })
}

/** @type {readonly Cell[]} */
export const testRunners = [
  {
    name: 'jest-esm',
    consumer: 'Jest 30, ES modules',
    notes: 'with `NODE_OPTIONS=--experimental-vm-modules`',
    run: (at) => jest(at, { transform: {} }, ['--experimental-vm-modules']),
  },
  {
    name: 'jest-swc',
    consumer: 'Jest 30, CommonJS by `@swc/jest`',
    notes: 'with `transformIgnorePatterns` that let the packages be transformed',
    run: (at) =>
      jest(at, {
        transform: { '\\.m?[jt]s$': ['@swc/jest', { module: { type: 'commonjs' } }] },
        transformIgnorePatterns: [],
      }),
  },
  {
    name: 'jest-default',
    consumer: 'Jest 30, CommonJS without a transform',
    unsupported: {
      reason: 'the packages are ES modules, which Jest loads only with a flag or a transform',
      says: /Cannot use import statement outside a module|SyntaxError|Must use import/,
    },
    run: (at) => jest(at, { transform: {} }),
  },
  { name: 'vitest', consumer: 'Vitest 5', run: (at) => vitest(at, {}) },
  {
    name: 'vitest-vm-threads',
    consumer: 'Vitest 5, `pool: vmThreads`',
    run: (at) => vitest(at, { pool: 'vmThreads' }),
  },
]
