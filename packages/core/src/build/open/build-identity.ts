import type { ShardEngine } from '../../engine/engine.js'
import { invalidOption } from '../../errors/error-factories.js'
import { parseJson } from '../../text/lossless-json.js'
import { encodeSharding } from '../../snapshot/manifest/sharding-json.js'
import type { ShardLayout } from './shard-layout.js'

/** The facts that two builds must share, so that their shards can be combined; JSON data. */
export interface BuildIdentity {
  readonly run_id: string
  /** As in manifests (wire-format §3.4). */
  readonly sharding: unknown
  /** `null` if a CEL expression determines the number of shards only at the end. */
  readonly num_dbs: number | null
  readonly key_encoding: string
  /** `ShardEngine.format`. */
  readonly shard_format: string
}

export function buildIdentity(build: {
  readonly runId: string
  readonly layout: ShardLayout
  readonly keyEncoding: string
  readonly engine: ShardEngine
}): BuildIdentity {
  const { runId, layout, keyEncoding, engine } = build
  return {
    run_id: runId,
    // Converted through text, to be comparable with parsed values.
    sharding: parseJson(encodeSharding(layout.spec)),
    num_dbs: layout.shards ?? null,
    key_encoding: keyEncoding,
    shard_format: engine.format,
  }
}

/** Errors: SHARD_INVALID_OPTION naming the difference, with both values. */
export function requireSameBuild(
  sealed: BuildIdentity,
  build: BuildIdentity,
  url: string,
  where: string,
): void {
  for (const name of Object.keys(build) as (keyof BuildIdentity)[]) {
    const [was, is] = [sealed[name], build[name]].map((value) => describe(value))
    if (was === is) continue
    throw invalidOption(
      where,
      `resume: run ${build.run_id} was started with ${name} ${was}, but is resumed with ${is} (${url}); ` +
        'resume it with its original options, or build under another runId',
      { details: { runId: build.run_id, differs: name, url } },
    )
  }
}

function describe(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'bigint' ? `${member}n` : member,
  )
}
