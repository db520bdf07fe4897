import type { ShardEngine } from '../../engine/engine.js'
import { installedOrigin } from '../../engine/choose-engine.js'
import { engineFromOrigin } from '../../engine/engine-origin.js'
import { type EngineChoice, resolveEngine } from '../../engine/resolve-engine.js'
import { invalidOption } from '../../errors/error-factories.js'
import type { ObjectStore } from '../../store/object-store.js'
import { storeFromOrigin } from '../../store/store-origin.js'
import { type Catalog } from '../../snapshot/catalog/catalog.js'
import { catalogFromOrigin } from '../../snapshot/catalog/catalog-origin.js'
import type { EngineOptions } from '../../engine/engine-options.js'
import type { CatalogOption } from '../../snapshot/catalog/catalog-option.js'
import { closeOnce, runAll } from '../../async/close-once.js'
import { CORE_MODULE } from '../../async/origin.js'
import type { SnapshotPlan } from './snapshot-plan.js'

/** Engine and store of a task: those passed to it, otherwise those of the plan. */
export interface PlanParts {
  readonly engine: ShardEngine
  /** `undefined` for the store that serves the prefix. */
  readonly objects: ObjectStore | undefined
  /** `undefined` for the catalog below the prefix, and for tasks, which publish nothing. */
  readonly catalog: Catalog | undefined
  /** Releases everything that was made from the plan; idempotent. */
  close(): Promise<void>
}

/**
 * Makes engine and store of a plan, and for a publication the catalog, in the process of a task.
 *
 * Errors: SHARD_INVALID_OPTION, also for an engine with another shard format than the plan's.
 */
export async function openPlanParts(
  plan: SnapshotPlan,
  given: Pick<EngineOptions, 'engine' | 'objects'> & CatalogOption,
  where: string,
  { publishes = false } = {},
): Promise<PlanParts> {
  const engine = await planEngine(plan, given.engine, where)
  if (engine.format !== plan.format) {
    throw invalidOption(
      where,
      `engine must have the format of the plan, ${JSON.stringify(plan.format)}, but "${engine.name}" has ` +
        `${JSON.stringify(engine.format)}; leave it out to use the engine of the plan`,
    )
  }
  const made: { close?(): Promise<void> }[] = []
  const close = closeOnce(() =>
    runAll(
      made.map((part) => async () => part.close?.()),
      where,
    ),
  )
  try {
    let { objects, catalog } = given
    if (objects === undefined && plan.objects !== undefined)
      made.push((objects = await storeFromOrigin(plan.objects, where)))
    if (publishes && catalog === undefined && plan.catalog !== undefined)
      made.push((catalog = await catalogFromOrigin(plan.catalog, where)))
    return { engine, objects, catalog, close }
  } catch (error) {
    await close()
    throw error
  }
}

function planEngine(
  { engine: origin }: SnapshotPlan,
  given: EngineChoice | undefined,
  where: string,
): Promise<ShardEngine> {
  if (given === undefined) return engineFromOrigin(installedOrigin(origin), where)
  const isSlateDb = origin.module === CORE_MODULE && origin.export === 'slatedb'
  if (typeof given !== 'string' || !isSlateDb) return resolveEngine(given, where)
  // Another runtime for this process, with the settings of the plan.
  const options = { ...(origin.options as object | undefined), runtime: given }
  return engineFromOrigin({ ...origin, options }, where)
}
