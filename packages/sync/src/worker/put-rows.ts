import type { ShardWriter, SnapshotWriter } from '@shardyfusion/core'
import { EntryChunk, inRecord } from '@shardyfusion/core/internal'
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
  for (const [i, { key, context }] of rows.entries()) {
    try {
      const wait = writer.putSync(key, chunk.value(i), context)
      if (wait !== undefined) await wait
    } catch (error) {
      throw inRecord(error, mail.first + i)
    }
  }
}

function entryChunk({ buffer, count, dataOffset, dataBytes }: WireChunk): EntryChunk {
  return EntryChunk.trusted(buffer, count, dataOffset, dataBytes)
}
