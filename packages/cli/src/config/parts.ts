import type { Catalog, EngineChoice, Origin } from '@shardyfusion/core/extend'
import { UsageError } from '../util/usage-error.js'
import { isPostgresUrl, postgresOrigin } from './postgres-origin.js'
import { ENGINE_NAMES } from './setting-list.js'
import type { Settings } from './settings.js'

/** Objects from the modules that settings name. */
export interface Parts {
  readonly engine: EngineChoice | undefined
  readonly catalog: Catalog | undefined
}

/**
 * Creates the engine and the catalog that settings name. Loads only the modules that are named.
 *
 * Errors: UsageError for options without a module; errors of the module.
 */
export async function openParts(settings: Settings): Promise<Parts> {
  return { engine: await engineOf(settings), catalog: await catalogOf(settings) }
}

async function engineOf(settings: Settings): Promise<EngineChoice | undefined> {
  const origin = namedOrigin(settings) ?? originOf(settings, 'engine', ENGINE_NAMES)
  if (origin === undefined) return settings.text('engine') as EngineChoice | undefined
  const { engineFromOrigin } = await import('@shardyfusion/core/extend')
  return engineFromOrigin(origin, source(settings, 'engine'))
}

/** Engines that have a name of their format, and options. */
const NAMED: Readonly<Record<string, Origin>> = {
  sqlite: { module: '@shardyfusion/core', export: 'sqlite' },
  'sqlite-vec': { module: '@shardyfusion/vector', export: 'sqliteVec' },
  lancedb: { module: '@shardyfusion/lancedb', export: 'lancedb' },
}

/** Keys in one format and vectors in LanceDB: the options are those of LanceDB. */
const KEYS_OF: Readonly<Record<string, Origin>> = {
  'slatedb+lancedb': { module: '@shardyfusion/core', export: 'slatedb' },
  'sqlite+lancedb': { module: '@shardyfusion/core', export: 'sqlite' },
}

function namedOrigin(settings: Settings): Origin | undefined {
  const name = settings.text('engine') ?? ''
  const kv = Object.hasOwn(KEYS_OF, name) ? KEYS_OF[name] : undefined
  const named =
    kv !== undefined ? NAMED['lancedb'] : Object.hasOwn(NAMED, name) ? NAMED[name] : undefined
  if (named === undefined) return undefined
  const options = settings.text('engine-options')
  const module = resolved(named.module)
  const origin = {
    ...named,
    module,
    ...(options !== undefined && { options: JSON.parse(options) as unknown }),
  }
  return kv === undefined
    ? origin
    : { module, export: 'compositeFrom', options: { kv, vectors: origin } }
}

/** The packages are found from here, where they are installed with this program. */
function resolved(module: string): string {
  try {
    return module === '@shardyfusion/core' ? module : import.meta.resolve(module)
  } catch {
    return module
  }
}

async function catalogOf(settings: Settings): Promise<Catalog | undefined> {
  const given = settings.text('catalog')
  const origin = isPostgresUrl(given)
    ? postgresOrigin(given, settings)
    : originOf(settings, 'catalog', [])
  if (origin === undefined) return undefined
  const { catalogFromOrigin } = await import('@shardyfusion/core/extend')
  return catalogFromOrigin(origin, source(settings, 'catalog'))
}

/** The origin from `module#export` and its options; `undefined` for a built-in name or no setting. */
function originOf(
  settings: Settings,
  setting: string,
  names: readonly string[],
): Origin | undefined {
  const given = settings.text(setting)
  const options = settings.text(`${setting}-options`)
  if (given === undefined || names.includes(given)) {
    if (options === undefined) return undefined
    throw new UsageError(
      `${source(settings, `${setting}-options`)}: ${setting}-options need ${setting} module#export, got ` +
        `${given === undefined ? 'none' : `"${given}"`}; pass --${setting} module#export`,
    )
  }
  const at = given.lastIndexOf('#')
  return {
    module: given.slice(0, at),
    export: given.slice(at + 1),
    ...(options !== undefined && { options: JSON.parse(options) as unknown }),
  }
}

function source({ all }: Settings, name: string): string {
  return all.get(name)?.source ?? name
}
