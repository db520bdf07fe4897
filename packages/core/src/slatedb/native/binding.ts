import type * as Uniffi from '@slatedb/uniffi'
import type { ShardyfusionError } from '../../errors.js'
import { engineError } from '../../errors/error-factories.js'
import { limitRemedy } from '../../errors/limit-remedy.js'

/**
 * The installed binding and its features; features are detected, never inferred from the version.
 */
export interface Binding {
  readonly DbBuilder: typeof Uniffi.DbBuilder
  readonly DbReaderBuilder: typeof Uniffi.DbReaderBuilder
  readonly ObjectStore: typeof Uniffi.ObjectStore
  readonly Settings: typeof Uniffi.Settings
  readonly WriteBatch: typeof Uniffi.WriteBatch
  readonly features: BindingFeatures
}

export interface BindingFeatures {
  /** `DbIterator.next_batch(max)` moves many rows per crossing (SlateDB 0.15). */
  readonly nextBatch: boolean
  /** `DbReaderBuilder.with_checkpoint_id`. */
  readonly readerCheckpoint: boolean
  /** The method that closes a database or reader: `shutdown` up to 0.14, `close` after. */
  readonly close: 'shutdown' | 'close'
}

const PACKAGE = '@slatedb/uniffi'
// Class names, each with the prototype methods that the SDK calls.
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  DbBuilder: ['build', 'with_settings', 'with_db_cache_disabled', 'dispose'],
  DbReaderBuilder: ['build', 'with_options', 'dispose'],
  Db: ['write_with_options', 'flush_with_options', 'dispose'],
  DbReader: ['get', 'scan_with_options', 'dispose'],
  DbIterator: ['next', 'dispose'],
  Settings: ['set', 'dispose'],
  WriteBatch: ['put', 'dispose'],
  ObjectStore: ['dispose'],
}
const REQUIRED_STATIC: Readonly<Record<string, readonly string[]>> = {
  ObjectStore: ['resolve'],
  Settings: ['default'],
}

let loading: Promise<Binding> | undefined

/**
 * Loads the native binding, once per process.
 *
 * Errors: SHARD_ENGINE for every cause: package missing, no prebuilt library for the platform,
 * library and JavaScript of different versions, or a symbol missing or renamed.
 */
export function loadBinding(): Promise<Binding> {
  loading ??= importBinding().catch((error: unknown) => {
    loading = undefined // A fixed installation may work at the next try.
    throw error
  })
  return loading
}

async function importBinding(): Promise<Binding> {
  let module: object
  try {
    module = await import('@slatedb/uniffi')
  } catch (cause) {
    throw explainLoadFailure(cause)
  }
  return checkBinding(module, await installedVersion())
}

/** Checks that every symbol the SDK uses exists, and detects the newer ones. */
export function checkBinding(module: object, version: string): Binding {
  const symbols = module as Record<string, unknown>
  for (const [name, methods] of Object.entries(REQUIRED)) {
    if (typeof symbols[name] !== 'function') throw missingSymbol(name, version)
    const symbol = symbols[name] as unknown as Record<string, unknown>
    // A plain function in place of a class has no prototype.
    const prototype = (symbol['prototype'] ?? {}) as Record<string, unknown>
    const missing =
      methods.find((method) => typeof prototype[method] !== 'function') ??
      REQUIRED_STATIC[name]?.find((method) => typeof symbol[method] !== 'function')
    if (missing !== undefined) throw missingSymbol(`${name}.${missing}`, version)
  }
  const has = (name: string, method: string): boolean =>
    typeof (symbols[name] as { prototype: Record<string, unknown> }).prototype[method] ===
    'function'
  const close = has('DbReader', 'shutdown') ? 'shutdown' : 'close'
  if (!has('DbReader', close)) throw missingSymbol('DbReader.shutdown', version)
  if (!has('Db', close)) throw missingSymbol(`Db.${close}`, version)
  const features: BindingFeatures = {
    nextBatch: has('DbIterator', 'next_batch'),
    readerCheckpoint: has('DbReaderBuilder', 'with_checkpoint_id'),
    close,
  }
  return { ...(module as unknown as Omit<Binding, 'features'>), features }
}

function missingSymbol(symbol: string, version: string): ShardyfusionError {
  return engineUnavailable(
    `the SlateDB binding has no ${symbol} (${PACKAGE} ${version}); install the version this package was ` +
      `tested with: npm install ${PACKAGE}@0.12.1`,
    { symbol, version },
  )
}

/** Makes the one error of a binding that does not load, from Node's message and the platform. */
export function explainLoadFailure(
  cause: unknown,
  platform: string = platformName(),
): ShardyfusionError {
  const { code, message = String(cause) } = (cause ?? {}) as { code?: string; message?: string }
  // Do not match every message that names the package: some name it only as the place of a missing
  // dependency.
  if (code === 'ERR_MODULE_NOT_FOUND' && message.includes(`package '${PACKAGE}'`)) {
    return engineUnavailable(
      `the SlateDB binding is not installed; run: npm install ${PACKAGE}@0.12.1`,
      {},
      cause,
    )
  }
  const limit = limitRemedy(cause)
  if (limit !== undefined) {
    return engineUnavailable(
      `the SlateDB binding could not be loaded: ${message}; ${limit}`,
      {},
      cause,
    )
  }
  if (platform.endsWith('musl')) {
    return engineUnavailable(
      `the SlateDB binding has no library for ${platform} (Alpine and other musl systems); use a glibc image such ` +
        `as node:22-slim, or another engine`,
      { platform },
      cause,
    )
  }
  return engineUnavailable(
    `the SlateDB binding could not be loaded on ${platform}: ${message}; check that ${PACKAGE} and koffi are ` +
      `installed for this platform and of matching versions (npm install ${PACKAGE}@0.12.1)`,
    { platform },
    cause,
  )
}

function engineUnavailable(what: string, details: object, cause?: unknown): ShardyfusionError {
  return engineError('native engine', what, { cause, details: { package: PACKAGE, ...details } })
}

/** Returns platform, architecture and C library, in the form of the names of prebuilt packages. */
function platformName(): string {
  const base = `${process.platform}-${process.arch}`
  if (process.platform !== 'linux') return base
  const { header } = process.report.getReport() as unknown as {
    header: { glibcVersionRuntime?: string }
  }
  return `${base}-${header.glibcVersionRuntime === undefined ? 'musl' : 'gnu'}`
}

async function installedVersion(): Promise<string> {
  try {
    const { readFile } = await import('node:fs/promises')
    // The package does not export its package.json, so it is read relative to its entry point.
    const file = new URL('./package.json', import.meta.resolve(PACKAGE))
    return (JSON.parse(await readFile(file, 'utf8')) as { version: string }).version
  } catch {
    return 'of unknown version'
  }
}
