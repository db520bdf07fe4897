import { adoptEnvironmentGate } from '../../store/environment/environment.js'
import type { EngineWriterOptions, ShardEngine } from '../../engine/engine.js'
import { engineFromOrigin } from '../../engine/engine-origin.js'
import { invalidOption } from '../../errors/error-factories.js'
import type { ObjectStore } from '../../store/object-store.js'
import { openStorage } from '../../store/open-storage.js'
import { storeFromOrigin } from '../../store/store-origin.js'
import type { S3CredentialsProvider, S3Options } from '../../store/s3/connect/s3-options.js'
import { runAll } from '../../async/close-once.js'
import { scratchFiles } from '#node/build/rows/scratch-file'
import type { WorkerSetup } from './messages.js'

/** Engine and store of one worker. */
export interface WorkerEngine {
  readonly engine: ShardEngine
  readonly objects: ObjectStore
  readonly openScratch: EngineWriterOptions['openScratch']
  close(): Promise<void>
}

const WHERE = 'SnapshotWriter.open: workers'

/** Opens storage and engine inside a worker, from the setup alone. */
export async function openWorkerEngine(
  setup: WorkerSetup,
  credentials: S3CredentialsProvider,
): Promise<WorkerEngine> {
  if (setup.environmentGate !== undefined) adoptEnvironmentGate(setup.environmentGate)
  const engine = await engineFromOrigin(setup.engine, WHERE)
  requireFormat(engine, setup)
  const given = setup.objects && (await storeFromOrigin(setup.objects, WHERE))
  const s3: S3Options | undefined = setup.hasS3
    ? ({ ...setup.s3, ...(setup.asksCredentials && { credentials }) } as S3Options)
    : undefined
  const { env, openTimeoutMs } = setup
  const storage = await openStorage(setup.prefix, { objects: given, s3, env, openTimeoutMs }, WHERE)
  return {
    engine,
    openScratch: scratchFiles(setup.scratchFolder),
    objects: storage.objects,
    // A store that was made here is closed here; one that was passed to a build is not.
    close: () => runAll([() => storage.close(), async () => given?.close?.()], WHERE),
  }
}

/** An origin that makes another kind of engine would put unreadable shards into the snapshot. */
function requireFormat(engine: ShardEngine, { format, engine: origin }: WorkerSetup): void {
  if (engine.format === format) return
  throw invalidOption(
    WHERE,
    `engine: the origin must make an engine of format "${format}", as the build has, but ${origin.module} ` +
      `made "${engine.name}" of format "${engine.format}"`,
  )
}
