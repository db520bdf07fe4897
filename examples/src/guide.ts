// The snippets of packages/core/README.md. Each is a separate function.
// #region write
import { writeSnapshot } from '@shardyfusion/core'
// #endregion
// #region update
import { updateSnapshot } from '@shardyfusion/core'
// #endregion
// #region writer
import { SnapshotWriter } from '@shardyfusion/core'
// #endregion
// #region read
import { jsonValues, SnapshotReader } from '@shardyfusion/core'
// #endregion
// #region errors
import { isShardyfusionError } from '@shardyfusion/core'
// #endregion
// #region shard
import { ShardReader, ShardWriter } from '@shardyfusion/core'
// #endregion

export interface Order {
  id: number
  region: 'asia' | 'eu' | 'us'
  total: number
}

export async function write(prefix: string, orders: AsyncIterable<Order>) {
  // #region write
  const published = await writeSnapshot(orders, {
    prefix,
    sharding: { shards: 8 },
    key: (order) => `${order.region}/${order.id}`,
    keyEncoding: 'utf8',
    values: 'json',
    onProgress: ({ phase, rows }) => console.error(phase, rows),
    signal: AbortSignal.timeout(60 * 60 * 1000),
  })
  console.error(`run ${published.runId}: ${published.rowCount} rows`)
  // #endregion
  return published
}

export async function writeReliably(prefix: string, orders: Iterable<Order>, day: string) {
  // #region reliable
  const published = await writeSnapshot(orders, {
    prefix,
    sharding: { shards: 8 },
    key: 'id',
    values: 'json',
    // If the job fails, start it again with the same id and input:
    runId: `orders-${day}`,
    resume: true,
    retry: {},
    rateLimit: { bytesPerSecond: 50_000_000 },
    onWarning: ({ message, error }) => console.error(message, error),
  })
  console.error(`${published.attempts} attempts, ${published.shardsResumed} shards resumed`)
  // #endregion
  return published
}

export async function applyChanges(
  prefix: string,
  changes: AsyncIterable<{ op: 'put' | 'delete'; order: Order }>,
) {
  // #region update
  const updated = await updateSnapshot(changes, {
    prefix,
    key: ({ order }) => order.id,
    value: ({ order }) => order,
    deleted: ({ op }) => op === 'delete',
    values: 'json',
  })
  const { inserted, replaced, deleted } = updated.rows
  console.error(`${inserted} inserted, ${replaced} replaced, ${deleted} deleted`)
  console.error(`${updated.shardsWritten} shards written, ${updated.shardsKept} taken over`)
  // #endregion
  return updated
}

export async function writeRowByRow(
  prefix: string,
  rows: Iterable<{ id: bigint; bytes: Uint8Array }>,
) {
  // #region writer
  await using writer = await SnapshotWriter.open({ prefix, sharding: { shards: 8 } })
  for (const row of rows) await writer.put(row.id, row.bytes)
  await writer.publish() // without this line, readers never see the rows
  // #endregion
}

export async function read(prefix: string) {
  // #region read
  const reader = await SnapshotReader.open({
    prefix,
    values: jsonValues<Order>(),
    keys: 'decoded',
  })
  const order = await reader.get('eu/16') // undefined if the key does not exist
  const some = await reader.getMany(['eu/16', 'us/17', 'eu/99']) // in this order
  // #endregion

  const sums = { lastTen: 0, bytes: 0 }
  // #region scan
  for await (const [key, { total }] of reader.scanIter({ prefix: 'eu/' })) {
    console.error(key, total)
  }
  const lastTen = reader.scanIter({ start: 'eu/', end: 'us/' }, { reverse: true, limit: 10 })
  for await (const [, { total }] of lastTen) sums.lastTen += total
  // #endregion

  // #region chunks
  for await (const chunk of reader.scanIter({}, { ordered: false }).chunks()) {
    for (let i = 0; i < chunk.count; i++) sums.bytes += chunk.value(i).length
  }
  // #endregion

  // #region refresh
  const moved = await reader.refresh() // true if a newer snapshot was found and is now open
  const { runId, rowCount, publishedAt } = reader.info()
  // #endregion
  await reader.close()
  return { order, some, sums, moved, runId, rowCount, publishedAt }
}

export async function byRegion(prefix: string, orders: readonly Order[]) {
  // #region cel
  await writeSnapshot(orders, {
    prefix,
    sharding: { cel: 'region', columns: { region: 'string' }, values: ['asia', 'eu', 'us'] },
    key: 'id',
    values: 'json',
  })
  await using reader = await SnapshotReader.open({ prefix, values: jsonValues<Order>() })
  const order = await reader.get(16, { context: { region: 'eu' } })
  // #endregion
  return order
}

export async function openWhenPublished(prefix: string) {
  // #region errors
  try {
    return await SnapshotReader.open({ prefix })
  } catch (error) {
    if (isShardyfusionError(error) && error.code === 'SHARD_NOT_FOUND') return undefined
    throw error
  }
  // #endregion
}

export async function oneShard(url: string, bytes: Uint8Array) {
  // #region shard
  await using writer = await ShardWriter.open({ url })
  await writer.put(42n, bytes)
  const { rowCount, checkpointId } = await writer.seal()

  await using reader = await ShardReader.open({ url })
  const value = await reader.get(42n)
  // #endregion
  return { rowCount, checkpointId, value }
}
