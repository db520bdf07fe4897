import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { parseSync } from 'oxc-parser'
import { filesBelow, ROOT } from './paths.mjs'

// The sources of a package become a few files in `dist`: an import of hundreds of small ones costs several times as much
// processor time. package.json says which: each entry of `exports` with types in `dist/modules` is bundled into the files it
// names, once for each folder. A folder named `portable` holds the bundles for platforms other than Node.
//
// Tests import internal modules as `#dist/keys/stored-bytes.js`, and they must test the files that ship. Therefore one more
// entry, `internals.js`, exports everything, and `dist/modules` has a file for each module, next to its declarations, that repeats
// its part. Neither is packed.

/** Modules that differ by platform: `#node/x` is `x.ts` for Node, and `x-portable.ts` elsewhere. */
const FOR_NODE = '#node/'
const MODULES = './dist/modules/'
const INTERNALS = 'internals'
/** The module of `slatedb-wasm`, as text for its entry `inline`. */
const INLINED = '#inlined-module'
/** The modules of Node that commander loads. */
const FOR_COMMANDER = '\0commander-'

/**
 * The chunks of a package by the paths of their modules, in order of preference. Other modules are divided by the
 * entries that need them.
 * @type {Readonly<Record<string, Readonly<Record<string, RegExp>>>>}
 */
const CHUNKS = {
  '@shardyfusion/core': {
    // Without the codecs that are separate entries and need other packages.
    base: /^((async|chunk|errors|keys|options|text|values(?!\/(compressed|load|msgpack|zlib)))\/|build\/vector-build\.|routing\/cel\/cel-column|update\/packed-changes\.|(channel|diagnostics|errors|types)\b)/,
    // For readers and the callers of synchronous readers; and the writers, which load `build` and `update`.
    shared:
      /^(build\/(shard-writer|snapshot-writer|write-snapshot)|routing\/cel\/cel-by-columns|update\/(snapshot-updater|update-snapshot)|engine\/(choose-engine|engine-options|engine-origin|resolve-engine|vector-engine)|slatedb\/slatedb(-limits|-settings)?|sqlite\/(shard-file|sqlite|sqlite-options)|snapshot\/catalog\/(catalog|catalog-option|catalog-origin)|store\/(cache\/cache-options|storage-options|store-origin)|read\/(lookup\/(lookup-sampler|peek-key|value-cache)|scan\/resumable-scan|search\/(key-of-hit|search-queries|search-result)|session\/(auto-refresh|session-options)|snapshot-info|snapshot-reader-options))\.ts$/,
    read: /^((engine|read|snapshot(?!\/(catalog\/publish|runs\/run-(claims|lifecycle))\.))\/|(routing|slatedb|store)\/[^/]+$|store\/(file|http)\/|slatedb\/wasm\/)/,
    // For builds, updates and maintenance.
    runs: /^snapshot\/(catalog\/publish|runs\/run-(claims|lifecycle))\.ts$/,
    // For the callers of synchronous builds, without the rest.
    rows: /^(build\/(rows\/(record-fields|shard-sink|vector-row)|workers\/embedded-source|vector-option)|update\/change-fields)\.ts$/,
    build: /^(build\/|routing\/cel\/discover)/,
    update: /^update\//,
    s3: /^store\/s3\//,
    cel: /^routing\/cel\/(?!cel-by-columns|cel-column|discover)/,
  },
  'slatedb-wasm': { engine: /^(?!own-module|inline)/ },
  // The caller of a worker needs little of the package; the rest is in separate chunks.
  '@shardyfusion/sync': { caller: /^(bridge|read|scan|write)\/|^(maintenance-sync|options)\.ts$/ },
  // Commands that read; a build, the terminal of a shell and reports load more.
  '@shardyfusion/cli': {
    main: /^(main|program)\.ts$|^(config|output|session(?!\/lookup-reader)|util(?!\/compile-cache))\/|^commands\/(get|multiget|info|shards|health|scan|route|command|specs|shared-options)\b/,
  },
}

/**
 * A bundled package: its folder, its package.json and, for each output folder, the source of each file.
 * @typedef {{ dir: string, manifest: any, outputs: Map<string, Map<string, string>> }} BundledPackage
 */

/** Bundles the packages whose sources, package.json or this script have changed since the last time. */
export async function bundlePackages(root = ROOT) {
  for (const name of readdirSync(join(root, 'packages'))) {
    const found = bundledPackage(join(root, 'packages', name))
    if (found !== undefined) await bundleIfChanged(found)
  }
}

/**
 * @param {string} dir
 * @returns {BundledPackage | undefined} `undefined` if the package ships the output of the compiler
 */
export function bundledPackage(dir) {
  const file = join(dir, 'package.json')
  if (!existsSync(file)) return undefined
  const manifest = JSON.parse(readFileSync(file, 'utf8'))
  /** @type {BundledPackage['outputs']} */
  const outputs = new Map()
  const add = (/** @type {string} */ target, /** @type {string} */ source) => {
    const folder = dirname(join(dir, target))
    const files = outputs.get(folder) ?? new Map()
    outputs.set(folder, files.set(relative(folder, join(dir, target)), join(dir, 'src', source)))
  }
  for (const targets of Object.values(manifest.exports ?? {})) {
    const { types = '', ...conditions } = typeof targets === 'string' ? {} : targets
    if (!types.startsWith(MODULES)) continue
    const source = types.slice(MODULES.length).replace(/\.d\.ts$/, '.ts')
    for (const target of Object.values(conditions)) add(target, source)
  }
  for (const [name, targets] of Object.entries(manifest.imports ?? {})) {
    // A module that differs by condition, such as #own-module: its variants are files, chosen when a program starts.
    if (typeof targets === 'string' || name.includes('*')) continue
    const { types: _, ...conditions } = targets
    for (const target of Object.values(conditions)) add(target, ownSource(target))
  }
  for (const target of Object.values(manifest.bin ?? {})) {
    if (manifest.imports?.['#dist/*'] === `${MODULES}*`) add(target, ownSource(target))
  }
  return outputs.size === 0 ? undefined : { dir, manifest, outputs }
}

/** The source of a file in `dist` that is not an entry for users. */
function ownSource(/** @type {string} */ target) {
  return target.replace(/^\.\/dist\//, '').replace(/\.js$/, '.ts')
}

/**
 * The sources that do something when they are imported: the commands, and `sideEffects` of package.json.
 *
 * @param {BundledPackage} pkg
 */
function activeSources({ dir, manifest, outputs }) {
  const effects = Array.isArray(manifest.sideEffects) ? manifest.sideEffects : []
  const files = [...effects, ...Object.values(manifest.bin ?? {})].map((file) => join(dir, file))
  const sources = new Set()
  for (const [folder, names] of outputs) {
    for (const [name, source] of names) if (files.includes(join(folder, name))) sources.add(source)
  }
  return sources
}

/** @param {BundledPackage} pkg */
async function bundleIfChanged(pkg) {
  const dist = join(pkg.dir, 'dist')
  const stamp = join(dist, '.bundled')
  const wanted = fingerprint(pkg)
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  mkdirSync(dist, { recursive: true })
  for (const name of readdirSync(dist)) {
    if (name !== 'modules') rmSync(join(dist, name), { recursive: true })
  }
  // The first folder is that of Node, whose files the tests use.
  for (const [i, [folder, files]] of [...pkg.outputs].entries()) {
    await bundle(pkg, folder, files, i === 0)
  }
  leaveOutOfPackage(pkg)
  writeFileSync(stamp, wanted)
}

/**
 * Writes which files of `dist/modules` are not packed: those for tests, and declarations that no entry leads to.
 *
 * @param {BundledPackage} pkg
 */
function leaveOutOfPackage({ dir, manifest }) {
  const modules = join(dir, MODULES)
  const reached = new Set()
  const pending = Object.values(manifest.exports ?? {})
    .map(({ types = '' }) => join(dir, types))
    .filter((file) => file.startsWith(modules))
  for (let file = pending.pop(); file !== undefined; file = pending.pop()) {
    if (reached.has(file) || !existsSync(file)) continue
    reached.add(file)
    const text = readFileSync(file, 'utf8')
    for (const [, id = ''] of text.matchAll(/(?:from|import\(?)\s*['"]([^'"]+)['"]/g)) {
      const target = id.startsWith(FOR_NODE)
        ? join(modules, `${id.slice(FOR_NODE.length)}.js`)
        : join(dirname(file), id)
      if (/^[.#]/.test(id)) pending.push(target.replace(/\.js$/, '.d.ts'))
    }
  }
  const unused = filesBelow(modules)
    .filter((file) => file.endsWith('.d.ts') && !reached.has(file))
    .map((file) => `/${relative(modules, file).split(sep).join('/')}`)
  writeFileSync(join(modules, '.npmignore'), `${['*.js', '*.map', ...unused].join('\n')}\n`)
}

/** @param {BundledPackage} pkg */
function fingerprint({ dir, manifest }) {
  const hash = createHash('sha256').update(JSON.stringify(manifest))
  const scripts = [fileURLToPath(import.meta.url), join(ROOT, 'pnpm-lock.yaml')]
  for (const file of [
    ...filesBelow(join(dir, 'src')),
    ...filesBelow(join(dir, 'wasm')),
    ...scripts,
  ]) {
    hash.update(`${file} ${statSync(file).mtimeMs}\n`)
  }
  return hash.digest('hex')
}

/**
 * @param {BundledPackage} pkg
 * @param {string} folder
 * @param {Map<string, string>} files
 * @param {boolean} withInternals
 */
async function bundle(pkg, folder, files, withInternals) {
  const { dir, manifest } = pkg
  // Imported here: a fresh clone does not have it before the dependencies are installed.
  const { rolldown } = await import('rolldown')
  const src = join(dir, 'src')
  const portable = folder.endsWith(`${sep}portable`)
  const active = activeSources(pkg)
  const modules = withInternals ? internalModules(src, active) : []
  const input = Object.fromEntries(
    [...files].map(([file, source]) => [file.replace(/\.js$/, ''), source]),
  )
  if (withInternals) input[INTERNALS] = INTERNALS
  const build = await rolldown({
    input,
    platform: portable ? 'neutral' : 'node',
    tsconfig: join(src, 'tsconfig.json'),
    external: (id, importer) =>
      isExternal(id, manifest, portable) && !id.startsWith(dir) && !isForCommander(id, importer),
    plugins: [ownModules(src, portable, modules), ...(portable ? [] : [filesOfNode()])],
    transform: { define: { PACKAGE_VERSION: JSON.stringify(manifest.version) } },
    // Importing a module does nothing, except for the entries named so.
    treeshake: { moduleSideEffects: (id) => id.endsWith('/inline') },
    onLog(level, log) {
      // The chunk of a module may hold modules that are loaded later, on purpose.
      if (log.code === 'INEFFECTIVE_DYNAMIC_IMPORT') return
      // The build also works on a slow machine.
      if (log.code === 'PLUGIN_TIMINGS') return
      throw new Error(`bundle: ${level} in ${manifest.name}: ${log.message}`)
    },
  })
  await build.write({
    dir: folder,
    format: 'esm',
    // Browsers and development servers would ask for the sources, which are not packed.
    sourcemap: !portable,
    sourcemapExcludeSources: true,
    // A bundled library gets a name inside the package, as `src` has, which is not packed either.
    sourcemapPathTransform: (source) => source.replace(/^.*\bnode_modules\//, '../bundled/'),
    comments: { legal: true, annotation: true, jsdoc: false },
    chunkFileNames: '[name]-[hash].js',
    minifyInternalExports: false,
    // The code without maps is what other bundlers read; they need no blanks.
    minify: portable && { compress: false, mangle: false, codegen: { removeWhitespace: true } },
    codeSplitting: {
      groups: Object.entries(CHUNKS[manifest.name] ?? {}).map(([name, paths], i) => ({
        name,
        priority: 100 - i,
        test: (/** @type {string} */ id) =>
          id.startsWith(src + sep) &&
          !active.has(id) &&
          // Only tests load them in Node.
          (portable || !id.endsWith('-portable.ts')) &&
          paths.test(relative(src, id).split(sep).join('/')),
      })),
    },
  })
  await build.close()
  for (const { path, names, alias } of modules) {
    const file = join(folder, 'modules', path.replace(/\.ts$/, '.js'))
    const target = `${'../'.repeat(path.split('/').length)}${INTERNALS}.js`
    const list = names.map((name) => `${alias}${name} as ${name}`).join(', ')
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, `export { ${list} } from '${target}'\n`)
  }
}

/**
 * Packages that are bundled, because little of them is used: as dependencies they would take much more space, or time to
 * load. Their licences are in THIRD-PARTY-LICENSES.txt of the package.
 */
const BUNDLED = new Set(['commander', 'fflate'])

/**
 * Packages that are also bundled into the files for Node, by the name of the package. Node would parse all of valibot at
 * every start, which is as much text as the code of a reader. Other bundlers take the parts that are used.
 * @type {Readonly<Record<string, readonly string[]>>}
 */
const BUNDLED_FOR_NODE = {
  '@shardyfusion/core': ['p-limit', 'valibot', 'yocto-queue'],
  '@shardyfusion/sync': ['valibot'],
}

/** Other packages, modules that are chosen when a program starts, and WebAssembly. */
function isExternal(
  /** @type {string} */ id,
  /** @type {any} */ manifest,
  /** @type {boolean} */ portable,
) {
  if (id.endsWith('.wasm')) return true
  if (id.startsWith('#')) return manifest.imports?.[id]?.default !== undefined
  if (BUNDLED.has(id)) return false
  if (!portable && BUNDLED_FOR_NODE[manifest.name]?.includes(id) === true) return false
  return !/^[./]/.test(id) && id !== INTERNALS && !id.startsWith('\0')
}

/**
 * @param {string} src
 * @param {boolean} portable
 * @param {readonly InternalModule[]} modules
 * @returns {import('rolldown').Plugin}
 */
function ownModules(src, portable, modules) {
  return {
    name: 'own-modules',
    resolveId(id, importer) {
      if (isForCommander(id, importer)) return `${FOR_COMMANDER}${id}`
      if (id === INTERNALS || id === INLINED) return `\0${id}`
      if (!id.startsWith(FOR_NODE)) return undefined
      return join(src, `${id.slice(FOR_NODE.length)}${portable ? '-portable' : ''}.ts`)
    },
    load(id) {
      if (id.startsWith(FOR_COMMANDER)) return moduleForCommander(id.slice(FOR_COMMANDER.length))
      if (id === `\0${INLINED}`) return inlinedModule(join(src, '../wasm/slatedb.wasm'))
      if (id !== `\0${INTERNALS}`) return undefined
      const lines = modules.map(({ path, names, alias }) => {
        const list = names.map((name) => `${name} as ${alias}${name}`).join(', ')
        return `export { ${list} } from ${JSON.stringify(join(src, path))}\n`
      })
      return lines.join('')
    },
  }
}

/**
 * Replaces imports of `node:fs` and `node:buffer` by `process.getBuiltinModule`. For an import, Node would also load what
 * their other names need, such as its streams: a tenth of the time of an import of core.
 *
 * @returns {import('rolldown').Plugin}
 */
function filesOfNode() {
  return {
    name: 'files-of-node',
    renderChunk(code, chunk) {
      const replaced = code.replace(
        /^import \{ ([\w$, ]+) \} from "node:(fs|buffer)";$/gm,
        (_, /** @type {string} */ names, /** @type {string} */ module) =>
          `const { ${names.replaceAll(' as ', ': ')} } = process.getBuiltinModule("node:${module}");`,
      )
      if (/^import .* from "(node:)?(fs|buffer)"/m.test(replaced))
        throw new Error(`bundle: ${chunk.fileName} imports node:fs or node:buffer in another form`)
      // Lines stay what they are, and no code of ours is on these.
      return { code: replaced, map: null }
    },
  }
}

function isForCommander(/** @type {string} */ id, /** @type {string | undefined} */ importer) {
  return id.startsWith('node:') && /[\\/]commander[\\/]/.test(importer ?? '')
}

/**
 * Commander calls `require`, which a bundle of one file does not have. It would run separate programs with
 * `node:child_process`, which takes milliseconds to load and which `shardy` does not need. An import of `node:process` or
 * `node:fs` would take as long: Node then opens the standard streams, and loads all that the names of the module need.
 */
function moduleForCommander(/** @type {string} */ id) {
  const value =
    id === 'node:child_process' ? '{}' : `process.getBuiltinModule(${JSON.stringify(id)})`
  return `module.exports = ${value}\n`
}

/** A module that exports a file as the base64 of its gzip. */
function inlinedModule(/** @type {string} */ file) {
  const text = gzipSync(readFileSync(file), { level: 9 }).toString('base64')
  return { code: `export default ${JSON.stringify(text)}\n`, map: { mappings: '' } }
}

/**
 * A module, the names of its values, and the beginning of their names in `internals.js`.
 * @typedef {{ path: string, names: string[], alias: string }} InternalModule
 */

/**
 * The modules of a package, without those that do something when they are imported.
 *
 * @param {string} src
 * @param {ReadonlySet<string>} active
 * @returns {InternalModule[]}
 */
function internalModules(src, active) {
  return (
    filesBelow(src)
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts') && !active.has(file))
      // Node cannot import WebAssembly.
      .filter((file) => !file.endsWith('-workerd.ts'))
      .map((file) => relative(src, file).split(sep).join('/'))
      .map((path, i) => ({ path, names: valuesOf(join(src, path)), alias: `m${i}_` }))
      .filter(({ names }) => names.length > 0)
  )
}

/** The names of the values that a module exports. */
function valuesOf(/** @type {string} */ file) {
  const { module } = parseSync(file, readFileSync(file, 'utf8'))
  return module.staticExports
    .flatMap(({ entries }) => entries)
    .filter(({ isType }) => !isType)
    .flatMap(({ exportName: { name } }) => (name === null ? [] : [name]))
}
