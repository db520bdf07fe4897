import type { ShardEngine } from '../../engine/engine.js'
import { invalidOption } from '../../errors/error-factories.js'
import { parseJson } from '../../text/lossless-json.js'
import { encodeSharding } from '../../snapshot/manifest/sharding-json.js'
import type { ShardLayout } from './shard-layout.js'

/** What two builds must share, so that shards of one fit between shards of the other; JSON data. */
export interface BuildIdentity {
  readonly run_id: string
  /** As in manifests (wire-format §3.4). */
  readonly sharding: unknown
  /** `null` where a CEL expression shows only at the end how many shards it makes. */
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
    // Through text, so that it compares with what was read from one.
    sharding: parseJson(encodeSharding(layout.spec)),
    num_dbs: layout.shards ?? null,
    key_encoding: keyEncoding,
    shard_format: engine.format,
  }
}

/** Errors: SHARD_INVALID_OPTION naming what differs, with both values. */
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
      `resume: run ${build.run_id} was begun with ${name} ${was}, and is to be resumed with ${is} (${url}); ` +
        'resume it with the options it was begun with, or build under another runId',
      { details: { runId: build.run_id, differs: name, url } },
    )
  }
}

function describe(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'bigint' ? `${member}n` : member,
  )
}
