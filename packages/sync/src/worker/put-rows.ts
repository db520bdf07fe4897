import type { RowVector, ShardWriter, SnapshotUpdater, SnapshotWriter } from '@shardyfusion/core'
import {
  EntryChunk,
  inRecord,
  packedChanges,
  VectorChunk,
  VectorRow,
} from '@shardyfusion/core/internal'
import type { PutMail, RoutedRow, WireChunk } from '../protocol/streams.js'

/** Puts packed entries as they are. */
export async function putChunk(
  writer: ShardWriter | SnapshotWriter,
  { chunk }: PutMail,
): Promise<void> {
  await writer.putChunk(entryChunk(chunk))
}

/** Puts entries that are routed by more than their stored key; an error names the record. */
export async function putRows(
  writer: SnapshotWriter,
  mail: PutMail,
  rows: readonly RoutedRow[],
): Promise<void> {
  const chunk = entryChunk(mail.chunk)
  const vectors = vectorsOf(mail)
  for (const [i, { key, context }] of rows.entries()) {
    try {
      const wait = writer.putSync(key, chunk.value(i), context, vectors?.get(i) as RowVector)
      if (wait !== undefined) await wait
    } catch (error) {
      throw inRecord(error, mail.first + i)
    }
  }
}

/** Takes changes of an update; an error names the record. */
export async function putChanges(updater: SnapshotUpdater, mail: PutMail): Promise<void> {
  const { chunk, deleted = [], rows, first } = mail
  await updater[packedChanges]({ chunk: entryChunk(chunk), deleted, rows, first })
}

/** The vectors of a mail, which the caller has checked, by the number of their row. */
function vectorsOf({ vectors }: PutMail): ReadonlyMap<number, VectorRow> | undefined {
  if (vectors === undefined) return undefined
  const chunk = VectorChunk.fromBuffer(vectors.buffer)
  return new Map(vectors.rows.map((row, i) => [row, vectorAt(chunk, i)]))
}

function vectorAt(chunk: VectorChunk, i: number): VectorRow {
  return new VectorRow(chunk.id(i), chunk.vector(i), chunk.payload(i))
}

function entryChunk({ buffer, count, dataOffset, dataBytes }: WireChunk): EntryChunk {
  return EntryChunk.trusted(buffer, count, dataOffset, dataBytes)
}
