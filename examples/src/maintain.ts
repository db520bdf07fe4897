// The snippets of packages/core/README.md about published snapshots.
// #region history
import { listSnapshots, rollbackSnapshot } from '@shardyfusion/core/maintain'
import { SnapshotReader } from '@shardyfusion/core'
// #endregion
// #region cleanup
import { cleanupSnapshots, planCleanup } from '@shardyfusion/core/maintain'
// #endregion
// #region verify
import { verifySnapshot } from '@shardyfusion/core/maintain'
// #endregion

export async function history(prefix: string, key: number) {
  // #region history
  for (const { runId, publishedAt, isCurrent } of await listSnapshots({ prefix, limit: 20 })) {
    console.error(isCurrent ? '*' : ' ', publishedAt, runId)
  }

  const { from, to } = await rollbackSnapshot({ prefix, offset: 1 }) // or { prefix, runId }

  // Read the previous snapshot without changing the pointer:
  await using before = await SnapshotReader.open({ prefix, runId: from!.runId })
  const value = await before.get(key)
  // #endregion
  return { from, to, value }
}

const DAY_MS = 24 * 60 * 60 * 1000

export async function cleanUp(prefix: string, agreed: (bytes: number) => boolean) {
  // #region cleanup
  // Every night: keep a week of snapshots, but never fewer than three.
  const report = await cleanupSnapshots({ prefix, keepLast: 3, olderThanMs: 7 * DAY_MS })
  console.error(`${report.objects} objects, ${report.bytes} bytes`)

  // Or inspect the plan first:
  const plan = await planCleanup({ prefix, keepLast: 1 })
  for (const { kind, runId, bytes, reason } of plan.actions)
    console.error(kind, runId, bytes, reason)
  for (const { runId, reason, note } of plan.kept) console.error('kept', runId, reason, note)
  if (agreed(plan.bytes)) await plan.execute()
  // #endregion
  return { report, plan }
}

export async function verify(prefix: string) {
  // #region verify
  const report = await verifySnapshot({
    prefix,
    onProgress: ({ shardsVerified, shards, keys }) => console.error(shardsVerified, shards, keys),
  })
  for (const { shard, kind, count, message, keys } of report.findings) {
    console.error(`shard ${shard}: ${message} (${kind}, ${count} times)`, keys)
  }
  if (!report.ok) throw new Error(`run ${report.runId} is damaged`)
  // #endregion
  return report
}
