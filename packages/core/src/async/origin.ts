import { importModule } from '#node/async/modules/import-module'
import { invalidOption } from '../errors/error-factories.js'
import { describeValue } from '../options/describe-value.js'
import { isPlainObject } from '../options/is-plain-object.js'
import { isError } from '../errors/is-error.js'
import { limitRemedy } from '../errors/limit-remedy.js'

/**
 * Describes how another thread or process makes the same engine, store or catalog: an export of a
 * module, and its options.
 *
 * A function is called with the options, a class is constructed with them, any other value is used
 * unchanged.
 */
export interface Origin {
  /** URL of an ES module, such as `import.meta.url`, or the name of a package. */
  readonly module: string
  /** Name of the export; `default` by default. */
  readonly export?: string | undefined
  /**
   * JSON data. It is stored in plans of tasks, so it must not contain secrets: read those from the
   * environment.
   */
  readonly options?: unknown
}

/** A caller's object that other threads may have to make as well. */
export interface WithOrigin {
  readonly origin?: Origin | undefined
}

/** The module name of this package's own exports, which are found without another import. */
export const CORE_MODULE = '@shardyfusion/core'

/** Maximum levels of nesting; a value that contains itself would never end. */
const MAX_DEPTH = 32

const PACKAGE_NAME = /^(?:@[a-z0-9][\w.-]*\/)?[a-z0-9][\w.-]*(?:\/[\w./-]+)?$/i

/**
 * Returns the origin as plain data that survives JSON and transfer between threads.
 *
 * Errors: SHARD_INVALID_OPTION naming the member; `where` starts the message, such as
 * `SnapshotWriter.open: engine`.
 */
export function parseOrigin(origin: unknown, where: string): Origin {
  if (typeof origin !== 'object' || origin === null) {
    throw invalidOption(
      where,
      `origin must be { module, export, options }, got ${describeValue(origin)}`,
    )
  }
  const { module, export: name = 'default', options, ...rest } = origin as Partial<Origin>
  const [unknown] = Object.keys(rest)
  if (unknown !== undefined) throw invalidOption(where, `origin has an unknown member "${unknown}"`)
  if (typeof module !== 'string' || !(URL.canParse(module) || PACKAGE_NAME.test(module))) {
    throw invalidOption(
      where,
      `origin.module must be the URL of a module, such as import.meta.url, or the name of a package, ` +
        `got ${describeValue(module)}`,
    )
  }
  if (typeof name !== 'string' || name === '')
    throw invalidOption(
      where,
      `origin.export must be the name of an export, got ${describeValue(name)}`,
    )
  const plain = plainData(options, 'origin.options', where)
  return { module, export: name, ...(plain !== undefined && { options: plain }) }
}

/** Copies JSON data; omits members that are `undefined`, as JSON does. */
function plainData(value: unknown, path: string, where: string, depth = 0): unknown {
  if (depth > MAX_DEPTH)
    throw invalidOption(where, `${path} must be nested at most ${MAX_DEPTH} deep, got more`)
  if (value === undefined || value === null || typeof value === 'boolean') return value
  if (typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value)))
    return value
  if (Array.isArray(value))
    return value.map((inner, i) => plainData(inner, `${path}[${i}]`, where, depth + 1) ?? null)
  if (isPlainObject(value)) {
    const members = Object.entries(value).map(([name, inner]) => [
      name,
      plainData(inner, `${path}.${name}`, where, depth + 1),
    ])
    return Object.fromEntries(members.filter(([, inner]) => inner !== undefined))
  }
  throw invalidOption(
    where,
    `${path} must be JSON data, which can be sent to other threads and processes, got ${describeValue(value)}`,
  )
}

/** Exports of this package by name, for origins whose module is `@shardyfusion/core`. */
export type OwnExports = Readonly<Record<string, (options: unknown) => unknown>>

/**
 * Makes what an origin describes; the caller checks its kind.
 *
 * Errors: SHARD_INVALID_OPTION if the module cannot be loaded or lacks the export; those of the
 * export.
 */
export async function makeFromOrigin(
  { module, export: name = 'default', options }: Origin,
  ownExports: OwnExports,
  where: string,
): Promise<unknown> {
  const exported =
    module === CORE_MODULE ? ownExports[name] : (await loadModule(module, where))[name]
  if (exported === undefined)
    throw invalidOption(where, `the module ${module} has no export "${name}"`)
  if (typeof exported !== 'function') return exported
  return isClass(exported)
    ? (Reflect.construct(exported, [options]) as unknown)
    : await (exported as (o: unknown) => unknown)(options)
}

async function loadModule(module: string, where: string): Promise<Record<string, unknown>> {
  try {
    return await importModule(module)
  } catch (cause) {
    const reason = isError(cause) ? cause.message : String(cause)
    const hint = URL.canParse(module) ? undefined : `is it installed? Run: npm install ${module}`
    const advice = limitRemedy(cause) ?? hint
    const problem = `the module ${module} could not be loaded: ${reason}`
    throw invalidOption(where, advice === undefined ? problem : `${problem}; ${advice}`, { cause })
  }
}

function isClass(exported: object): boolean {
  return /^class\b/.test(Function.prototype.toString.call(exported))
}

/**
 * Adds the origin to the object. It does not survive copying: a copy by `{ ...engine }` may behave
 * differently, and must not claim the same origin.
 */
export function withOrigin<T extends object>(object: T, origin: Origin): T & WithOrigin {
  return Object.defineProperty(object, 'origin', { value: origin, enumerable: false })
}
