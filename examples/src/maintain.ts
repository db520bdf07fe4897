// The snippets of packages/core/README.md about snapshots that are there already.
// #region history
import { listSnapshots, rollbackSnapshot, SnapshotReader } from '@shardyfusion/core'
// #endregion

export async function history(prefix: string, key: number) {
  // #region history
  for (const { runId, publishedAt, isCurrent } of await listSnapshots({ prefix, limit: 20 })) {
    console.error(isCurrent ? '*' : ' ', publishedAt, runId)
  }

  const { from, to } = await rollbackSnapshot({ prefix, offset: 1 }) // or { prefix, runId }

  // What it was before, without touching the pointer:
  await using before = await SnapshotReader.open({ prefix, runId: from!.runId })
  const value = await before.get(key)
  // #endregion
  return { from, to, value }
}
