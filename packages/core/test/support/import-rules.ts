import { posix } from 'node:path'
import { importsOf } from './imports-of.js'
import type { ModuleImport } from './imports-of.js'

/** Lists of names for other packages, public and not; nothing in `src` imports them. */
const ENTRIES = [
  'index.ts',
  'extend.ts',
  'inline.ts',
  'maintain.ts',
  'tasks.ts',
  'compression.ts',
  'msgpack.ts',
  'internal.ts',
  'internal-read.ts',
  'internal-vector.ts',
]

/** The common vocabulary: every place may import these; they import nothing else, not even types. */
const VOCABULARY = [
  'async',
  'chunk',
  'diagnostics',
  'errors',
  'errors.ts',
  'options',
  'snapshot/layout.ts',
  'text',
  'types.ts',
]

/** The places that each place may import at run time, next to itself and the vocabulary. */
const KNOWS: Readonly<Record<string, readonly string[]>> = {
  maintain: ['read', 'routing', 'keys', 'snapshot', 'engine', 'store'],
  update: ['build', 'read', 'routing', 'keys', 'values', 'snapshot', 'engine', 'sqlite', 'store'],
  build: ['routing', 'keys', 'values', 'snapshot', 'engine', 'store'],
  read: ['routing', 'keys', 'values', 'snapshot', 'engine', 'store'],
  routing: ['keys'],
  values: ['keys'],
  keys: [],
  snapshot: ['store'],
  engine: ['slatedb', 'sqlite', 'store'],
  slatedb: ['engine', 'store'],
  sqlite: ['engine', 'store'],
  store: [],
}

/** Packages one place alone may import, so that replacing one of them touches that place alone. */
const OWNED_PACKAGES = [
  { name: /^@slatedb\/uniffi(\/|$)/, owner: 'slatedb/native/' },
  { name: /^@(aws-sdk|smithy)\//, owner: 'store/s3/connect/credential-chain' },
  { name: /^fflate$/, owner: 'values/zlib-portable' },
  { name: /^@msgpack\//, owner: 'values/' },
  { name: /^sql\.js(\/|$)/, owner: 'the tests, which' },
]

/** The one place that loads a module by its name: the modules that origins describe. */
const LOADS_ANY_MODULE = 'async/modules/import-module'

/** Names a module of Node's in `src`; elsewhere its twin `x-portable.ts` is loaded (package.json, `imports`). */
const FOR_NODE = '#node/'

/**
 * Every import that breaks an arrow, as `from -> to: reason`, and every import cycle, types included.
 *
 * @param sources text of each module by its path in `src`, such as `keys/encoder.ts`
 */
export function findViolations(sources: ReadonlyMap<string, string>): string[] {
  const violations: string[] = []
  const imports = new Map<string, string[]>()
  for (const [from, source] of sources) {
    const targets: string[] = []
    for (const found of importsOf(from, source)) {
      const to = resolve(from, found.specifier)
      const reason = objection(from, to, found, sources)
      if (reason !== undefined) violations.push(`${from} -> ${to ?? 'import(…)'}: ${reason}`)
      if (to !== undefined && sources.has(to)) targets.push(to)
    }
    imports.set(from, targets)
  }
  return [...violations, ...findCycles(imports)]
}

/** A relative specifier, or one for Node, becomes a path in `src`; a package name stays what it is. */
function resolve(from: string, specifier: string | undefined): string | undefined {
  if (specifier?.startsWith(FOR_NODE)) return `${specifier.slice(FOR_NODE.length)}.ts`
  if (specifier === undefined || !specifier.startsWith('.')) return specifier
  return posix.join(posix.dirname(from), specifier).replace(/\.js$/, '.ts')
}

function objection(
  from: string,
  to: string | undefined,
  { specifier, typeOnly }: ModuleImport,
  sources: ReadonlyMap<string, string>,
): string | undefined {
  const here = place(from)
  if (here === 'testing') return undefined
  if (to === undefined) {
    return from.startsWith(LOADS_ANY_MODULE) ? undefined : 'a computed import hides where it points'
  }
  const forNode = specifier?.startsWith(FOR_NODE) === true
  if (!forNode && !specifier?.startsWith('.')) return packageObjection(from, to)
  if (!sources.has(to)) return 'no such file in src'
  if (forNode && !sources.has(to.replace(/\.ts$/, '-portable.ts'))) return 'no portable twin in src'
  const there = place(to)
  // Entries may name the types of the conformance suites; none of it is loaded.
  if (there === 'testing' && !(typeOnly && ENTRIES.includes(here)))
    return 'testing/ is for tests alone'
  if (here === there || ENTRIES.includes(here)) return undefined
  if (typeOnly && !VOCABULARY.includes(here)) return undefined
  return arrowObjection(here, there)
}

function packageObjection(from: string, name: string): string | undefined {
  if (name.startsWith('@shardyfusion/core')) return 'the package imports itself by relative path'
  const owned = OWNED_PACKAGES.find((entry) => entry.name.test(name))
  if (owned === undefined || from.startsWith(owned.owner)) return undefined
  return `only ${owned.owner} imports this package`
}

function arrowObjection(here: string, there: string): string | undefined {
  for (const name of [here, there]) {
    if (!isPlace(name)) return `${name} has no place in the list of folders`
  }
  if (VOCABULARY.includes(there) || ENTRIES.includes(there)) return undefined
  if (VOCABULARY.includes(here) && KNOWS[here] === undefined) {
    return `${here} is vocabulary, and may import nothing else`
  }
  return KNOWS[here]?.includes(there) === true ? undefined : `${here} does not know ${there}`
}

function isPlace(name: string): boolean {
  const known = Object.values(KNOWS).flat()
  return (
    name in KNOWS || known.includes(name) || VOCABULARY.includes(name) || ENTRIES.includes(name)
  )
}

/** The first folder of a path, or the file itself when it is in none or is listed alone. */
function place(path: string): string {
  if (VOCABULARY.includes(path)) return path
  return path.split('/', 1)[0] ?? path
}

/** Each cycle once, as the loop a depth-first walk closes. */
function findCycles(imports: ReadonlyMap<string, readonly string[]>): string[] {
  const cycles: string[] = []
  const done = new Set<string>()
  const trail: string[] = []
  const walk = (file: string): void => {
    const start = trail.indexOf(file)
    if (start >= 0) cycles.push(`import cycle: ${[...trail.slice(start), file].join(' -> ')}`)
    if (start >= 0 || done.has(file)) return
    trail.push(file)
    for (const next of imports.get(file) ?? []) walk(next)
    trail.pop()
    done.add(file)
  }
  for (const file of imports.keys()) walk(file)
  return cycles
}
