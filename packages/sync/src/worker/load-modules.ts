import { isAbsolute } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { EngineChoice, ObjectStore } from '@shardyfusion/core'
import { ShardyfusionError } from '@shardyfusion/core/internal'
import type { LoadedOptions, WireOptions, WorkerModule } from '../protocol/wire-options.js'

/** Makes the objects that options name by module; core checks what they are. */
export async function loadModules<O>(
  options: WireOptions<O>,
  where: string,
): Promise<LoadedOptions<O>> {
  const { engine, objects, ...rest } = options
  const loaded: { engine?: EngineChoice; objects?: ObjectStore } = {}
  if (typeof engine === 'object')
    loaded.engine = (await make(engine, `${where}: engine`)) as EngineChoice
  else if (engine !== undefined) loaded.engine = engine
  if (objects !== undefined)
    loaded.objects = (await make(objects, `${where}: objects`)) as ObjectStore
  return { ...rest, ...loaded } as LoadedOptions<O>
}

async function make(from: WorkerModule, where: string): Promise<unknown> {
  const { module, export: name = 'default', options } = from
  const path = String(module)
  const url = isAbsolute(path) ? pathToFileURL(path).href : path
  let exported: unknown
  try {
    exported = ((await import(url)) as Record<string, unknown>)[name]
  } catch (cause) {
    throw invalid(`${where}: the module ${url} cannot be loaded`, cause)
  }
  if (exported === undefined) throw invalid(`${where}: the module ${url} has no export "${name}"`)
  return typeof exported === 'function' ? (exported as (o: unknown) => unknown)(options) : exported
}

function invalid(message: string, cause?: unknown): ShardyfusionError {
  return new ShardyfusionError('SHARD_INVALID_OPTION', message, {
    cause,
    details: { peer: 'ConfigValidationError' },
  })
}
