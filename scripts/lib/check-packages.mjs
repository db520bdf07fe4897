import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { tool } from './build.mjs'
import { capture, Stop } from './exec.mjs'
import { hiddenTypes } from './hidden-types.mjs'
import { inspectPackage } from './inspect-package.mjs'
import { findTarballs, pack, publicPackages } from './pack.mjs'
import { filesBelow, isDirectory, ROOT } from './paths.mjs'
import { newerThanNode20, readmeProgram } from './readme-program.mjs'

/** @typedef {import('./pack.mjs').Package} Package */

/**
 * Packs every public package, or takes the tarballs of a folder, installs them into an empty project outside the
 * repository, and checks them there: linters for package.json, an import, a type check and a check of the files.
 *
 * @param {string} [packed] a folder with the tarball of every package
 * @returns {number} the exit code
 */
export function checkPackages(packed) {
  const packages = publicPackages()
  // Use the real path: on macOS the temporary folder is a link, and the files of a package would appear to be
  // outside it.
  const temp = realpathSync(mkdtempSync(join(tmpdir(), 'shardyfusion-packages-')))
  try {
    const tarballs =
      packed === undefined ? pack(packages, join(temp, 'tarballs')) : findTarballs(packages, packed)
    const consumer = install(tarballs, join(temp, 'consumer'))
    let passed = true
    for (const [i, pkg] of packages.entries()) {
      for (const [name, check] of Object.entries(checks)) {
        const problem = check({ pkg, tarball: tarballs[i] ?? '', consumer, tarballs })
        console.log(`${problem === '' ? '✔' : '✖'} ${pkg.name}: ${name}`)
        if (problem === '') continue
        console.log(problem.trimEnd().replaceAll(/^/gm, '    '))
        passed = false
      }
    }
    return passed ? 0 : 1
  } finally {
    rmSync(temp, { recursive: true, force: true })
  }
}

/**
 * The input of a check: a package, its tarball, a project that has it installed, and all tarballs.
 * @typedef {{ pkg: Package, tarball: string, consumer: string, tarballs: readonly string[] }} At
 */

/**
 * Each check returns a description of the problem, or an empty string.
 * @type {Record<string, (at: At) => string>}
 */
const checks = {
  'package.json is sound (publint)': ({ tarball }) =>
    failure([tool('publint/src/cli.js'), 'run', tarball, '--strict']),

  'types resolve as the code does (attw)': ({ pkg, tarball }) =>
    // A package with only a command has no entry point to import.
    pkg.exports.length === 0
      ? ''
      : failure([tool('@arethetypeswrong/cli/dist/index.js'), '--profile', 'esm-only', tarball]),

  'contains the expected files and no others': ({ pkg, consumer }) =>
    inspectPackage(join(consumer, 'node_modules', pkg.name)).join('\n'),

  'exports every type its public signatures use': ({ pkg, consumer }) =>
    hiddenTypes(join(consumer, 'node_modules', pkg.name)).join('\n'),

  'imports and starts in plain JavaScript': ({ pkg, consumer }) => {
    const file = join(consumer, 'consumer.mjs')
    const imports = pkg.exports.map(
      (name) => `assert.notDeepEqual(Object.keys(await import('${name}')), [])`,
    )
    writeFileSync(file, ["import assert from 'node:assert'", ...imports, ''].join('\n'))
    const runs = [[file], ...pkg.bins.map((bin) => [join(consumer, bin), '--version'])]
    return runs.map((args) => failure(args, consumer)).join('')
  },

  'works in its first use': ({ pkg, consumer }) => {
    const script = FIRST_USE[pkg.name]
    if (script === undefined) return ''
    const file = join(consumer, 'first-use.mjs')
    writeFileSync(file, script)
    return failure([file, pathToFileURL(join(consumer, 'data')).href], consumer)
  },

  'its command runs through npx from an empty folder': ({ pkg, consumer, tarballs }) =>
    pkg.bins.length === 0 ? '' : runThroughNpx(tarballs, join(consumer, '..', 'empty')),

  'installs few and small packages': ({ pkg, consumer }) => {
    const limit = INSTALLED[pkg.name]
    if (limit === undefined) return ''
    const { bytes, names } = installed(consumer, pkg.name)
    if (bytes <= limit.bytes && names.length <= limit.packages) return ''
    const expected = `at most ${limit.bytes} bytes in ${limit.packages} packages`
    return `expected ${expected}, got ${bytes} bytes in ${names.length}: ${names.join(', ')}`
  },

  'type-checks with skipLibCheck off': ({ pkg, consumer }) => {
    const imports = pkg.exports.map((name, i) => `export * as entry${i} from '${name}'\n`)
    writeFileSync(join(consumer, 'consumer.ts'), imports.join(''))
    writeFileSync(join(consumer, 'tsconfig.json'), JSON.stringify(CONSUMER_TSCONFIG))
    const compilers = ['typescript', LOWEST_TYPESCRIPT]
    return compilers
      .map((name) => failure([tool(`${name}/bin/tsc`), '-p', consumer], consumer))
      .join('')
  },

  'its README compiles as written': ({ pkg, consumer }) => {
    const markdown = readFileSync(join(consumer, 'node_modules', pkg.name, 'README.md'), 'utf8')
    const program = readmeProgram(pkg.name, markdown)
    const tooNew = newerThanNode20(markdown).join('\n')
    if (program === undefined || tooNew !== '') return tooNew
    writeFileSync(join(consumer, 'consumer.ts'), program)
    writeFileSync(join(consumer, 'tsconfig.json'), JSON.stringify(README_TSCONFIG))
    return failure([tool('typescript/bin/tsc'), '-p', consumer], consumer)
  },

  'type-checks in a browser project, without types of Node': ({ pkg, consumer }) => {
    if (!IN_BROWSERS.includes(pkg.name)) return ''
    writeFileSync(join(consumer, 'consumer.ts'), `export * from '${pkg.name}'\n`)
    writeFileSync(join(consumer, 'tsconfig.json'), JSON.stringify(BROWSER_TSCONFIG))
    return failure([tool('typescript/bin/tsc'), '-p', consumer], consumer)
  },
}

/**
 * Builds and looks up with the packed command, in a folder where nothing is installed.
 *
 * @param {readonly string[]} tarballs
 * @param {string} folder to be created
 */
function runThroughNpx(tarballs, folder) {
  mkdirSync(folder)
  writeFileSync(join(folder, 'rows.ndjson'), '{"id":42,"name":"rope"}\n')
  // Use a new cache folder, because npx would otherwise reuse the packages of an earlier run.
  const cache = join(folder, 'npm')
  const npx = (/** @type {string[]} */ ...words) => {
    const packages = tarballs.flatMap((tarball) => ['-p', tarball])
    const env = { npm_config_cache: cache, npm_config_prefer_offline: 'true' }
    return capture('npx', ['-y', ...packages, 'shardy', ...words], { cwd: folder, env })
  }
  const built = npx('build', 'rows.ndjson', '--prefix', 'snap', '--key', 'id', '--no-progress')
  if (built.code !== 0) return `${built.stdout}${built.stderr}`
  const { code, stdout, stderr } = npx('get', '42', '--prefix', 'snap')
  return code === 0 && stdout === '{"id":42,"name":"rope"}\n' ? '' : `${stdout}${stderr}`
}

/**
 * The first use of each package, by name. The prefix is the first argument.
 * @type {Readonly<Record<string, string>>}
 */
const FIRST_USE = {
  '@shardyfusion/core': `
    import assert from 'node:assert'
    import { SnapshotReader, writeSnapshot } from '@shardyfusion/core'
    const prefix = process.argv[2] + '/core'
    await writeSnapshot([[42, 'rope']], { prefix, sharding: { shards: 2 }, values: 'utf8' })
    const reader = await SnapshotReader.open({ prefix, values: 'utf8' })
    assert.equal(await reader.get(42), 'rope')
    await reader.close()
  `,
  '@shardyfusion/sync': `
    import assert from 'node:assert'
    import { SnapshotReaderSync, writeSnapshotSync } from '@shardyfusion/sync'
    const prefix = process.argv[2] + '/sync'
    writeSnapshotSync([[42, 'rope']], { prefix, sharding: { shards: 2 }, values: 'utf8' })
    const reader = SnapshotReaderSync.open({ prefix, values: 'utf8' })
    assert.equal(reader.get(42), 'rope')
    reader.close()
  `,
  '@shardyfusion/telemetry': `
    import assert from 'node:assert'
    import { SnapshotReader, writeSnapshot } from '@shardyfusion/core'
    import { prometheusMetrics } from '@shardyfusion/telemetry/prometheus'
    const metrics = prometheusMetrics()
    const prefix = process.argv[2] + '/telemetry'
    await writeSnapshot([[42, 'rope']], { prefix, sharding: { shards: 2 }, values: 'utf8' })
    const reader = await SnapshotReader.open({ prefix, values: 'utf8' })
    assert.equal(await reader.get(42), 'rope')
    assert.match(await metrics.text(), /^shardyfusion_reader_gets_total\\{.*\\} 1$/m)
    await reader.close()
  `,
  'sqlite-file': `
    import assert from 'node:assert'
    import { MemorySink, SqliteFileWriter, SqliteImage } from 'sqlite-file'
    const sink = new MemorySink()
    const writer = new SqliteFileWriter(sink)
    writer.createTable('CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)').add([42, 'rope'])
    await writer.finish()
    assert.deepEqual(new SqliteImage(sink.image()).table('t').get(42), [42, 'rope'])
  `,
}

/**
 * The bound on what `npm install` of a package brings, by name: all files of the package and its dependencies.
 * @type {Readonly<Record<string, { bytes: number, packages: number }>>}
 */
const INSTALLED = { '@shardyfusion/core': { bytes: 12_000_000, packages: 12 } }

/**
 * @param {string} consumer
 * @param {string} name
 */
function installed(consumer, name) {
  const names = new Set([name])
  let bytes = 0
  for (const each of names) {
    const dir = join(consumer, 'node_modules', each)
    const { dependencies = {} } = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8'))
    for (const dependency of Object.keys(dependencies)) names.add(dependency)
    for (const file of filesBelow(dir)) bytes += statSync(file).size
  }
  return { bytes, names: [...names] }
}

/** Optional peers that whole entries of packages need. */
const PEERS = ['prom-client@15.1.3', '@opentelemetry/api@1.9.0']

/** The oldest TypeScript that reads the declarations, as the READMEs say: 5.7 made `Uint8Array` generic. */
const LOWEST_TYPESCRIPT = 'typescript-lowest'

/** The compiler options of a strict user on the oldest Node line: only its types, and every declaration file is checked. */
const CONSUMER_TSCONFIG = {
  compilerOptions: {
    target: 'ES2022',
    lib: ['ES2023'],
    module: 'NodeNext',
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
    typeRoots: [join(ROOT, 'node_modules/@types')],
    types: ['node'],
  },
  files: ['consumer.ts'],
}

/** Those of a strict reader; dependencies are checked above. */
const README_TSCONFIG = {
  ...CONSUMER_TSCONFIG,
  compilerOptions: {
    ...CONSUMER_TSCONFIG.compilerOptions,
    noUncheckedIndexedAccess: true,
    noPropertyAccessFromIndexSignature: true,
    skipLibCheck: true,
  },
}

/** The packages whose main entry works in browsers. */
const IN_BROWSERS = ['@shardyfusion/core', '@shardyfusion/vector', 'slatedb-wasm', 'sqlite-file']

/** The compiler options of a browser project, as `tsc --init` of TypeScript 7 writes `types`. */
const BROWSER_TSCONFIG = {
  compilerOptions: {
    ...CONSUMER_TSCONFIG.compilerOptions,
    lib: ['ESNext', 'DOM', 'DOM.Iterable'],
    module: 'ESNext',
    moduleResolution: 'Bundler',
    types: [],
  },
  files: ['consumer.ts'],
}

/**
 * @param {readonly string[]} tarballs
 * @param {string} consumer an empty project to create
 */
function install(tarballs, consumer) {
  mkdirSync(consumer)
  writeFileSync(join(consumer, 'package.json'), '{ "private": true, "type": "module" }\n')
  // Install all tarballs in one call, so that packages resolve each other among them and not in the registry.
  // Optional peers are the choice of users; an entry that needs one cannot be imported without it.
  const args = ['install', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund']
  const { code, stdout, stderr } = capture('npm', [...args, ...tarballs, ...PEERS], {
    cwd: consumer,
  })
  if (code !== 0 || !isDirectory(join(consumer, 'node_modules'))) {
    throw new Stop(`${stdout}${stderr}packages: the packed packages cannot be installed, see above`)
  }
  return consumer
}

/**
 * The output of a Node script that failed, or an empty string.
 *
 * @param {readonly string[]} args
 * @param {string} [cwd]
 */
function failure(args, cwd = ROOT) {
  const { code, stdout, stderr } = capture(process.execPath, args, { cwd })
  return code === 0 ? '' : `${stdout}${stderr}`.trim() || `exit code ${code}`
}
