import type { ShardEngine } from '../../engine/engine.js'
import { ShardyfusionError } from '../../errors.js'
import type { ObjectStore } from '../../objects/object-store.js'

/** What a module of the user's may bring into a worker. */
export interface WorkerModule {
  readonly engine?: ShardEngine | undefined
  readonly objects?: ObjectStore | undefined
}

/** Loads the module that `workerModule` names. Errors: SHARD_INVALID_OPTION. */
export async function importModule(url: string, where: string): Promise<WorkerModule> {
  let loaded: WorkerModule
  try {
    loaded = (await import(url)) as WorkerModule
  } catch (cause) {
    throw invalid(where, `${url} could not be loaded`, cause)
  }
  if (loaded.engine === undefined && loaded.objects === undefined) {
    throw invalid(where, `${url} exports neither`)
  }
  return loaded
}

function invalid(where: string, problem: string, cause?: unknown): ShardyfusionError {
  return new ShardyfusionError(
    'SHARD_INVALID_OPTION',
    `${where}: workerModule must be the URL of a module that exports engine, objects or both; ${problem}`,
    { cause, details: { peer: 'ConfigValidationError' } },
  )
}
