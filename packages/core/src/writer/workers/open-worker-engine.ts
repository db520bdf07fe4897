import { adoptEnvironmentGate } from '../../engine/environment.js'
import type { ShardEngine } from '../../engine/engine.js'
import { resolveEngine } from '../../engine/resolve-engine.js'
import type { ObjectStore } from '../../objects/object-store.js'
import { openStorage } from '../../objects/open-storage.js'
import type { S3CredentialsProvider, S3Options } from '../../objects/s3-options.js'
import { importModule } from './import-module.js'
import { sortingEngine } from '../sorting/sorting-engine.js'
import type { WorkerSetup } from './messages.js'

/** What a worker writes with. */
export interface WorkerEngine {
  readonly engine: ShardEngine
  readonly objects: ObjectStore
  /** True when the engine has copied a batch by the time `write` resolves, so that its buffer may go back. */
  readonly copies: boolean
  close(): Promise<void>
}

const WHERE = 'SnapshotWriter.open: workers'

/** Opens storage and engine inside a worker, by the setup alone. */
export async function openWorkerEngine(
  setup: WorkerSetup,
  credentials: S3CredentialsProvider,
): Promise<WorkerEngine> {
  if (setup.environmentGate !== undefined) adoptEnvironmentGate(setup.environmentGate)
  const own = setup.module === undefined ? {} : await importModule(setup.module, WHERE)
  const inner = await resolveEngine(own.engine ?? setup.engine, WHERE)
  const s3: S3Options | undefined = setup.hasS3
    ? ({ ...setup.s3, ...(setup.asksCredentials && { credentials }) } as S3Options)
    : undefined
  const { env, openTimeoutMs } = setup
  const storage = await openStorage(
    setup.prefix,
    { objects: own.objects, s3, env, openTimeoutMs },
    WHERE,
  )
  const sorts = setup.sorting !== undefined
  return {
    engine: sorts ? sortingEngine(inner, setup.sorting) : inner,
    objects: storage.objects,
    copies: own.engine === undefined && !sorts,
    close: () => storage.close(),
  }
}
