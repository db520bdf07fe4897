import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import type { SealedObject } from '@shardyfusion/core/extend'
import { damagedDataset } from './dataset-error.js'

const FOOTER_BYTES = 40
/** Entries of the tables of a footer: position and length, 64 bits each. */
const ENTRY_BYTES = 16
/** More entries are the sign of damage: a table has three columns. */
const MAX_ENTRIES = 65_536
const PIECE_BYTES = 1 << 20
/** Names of files that have such a footer. */
const HAS_FOOTER = /\.(?:lance|idx)$/

/**
 * Checks a file before LanceDB reads it: its digest, if known, and the tables of its footer.
 *
 * LanceDB reserves memory for as many entries as a footer says, and ends the process if that fails. Errors: SHARD_ENGINE.
 */
export async function checkFile(
  path: string,
  name: string,
  url: string,
  sealed?: SealedObject,
): Promise<void> {
  const file = await open(path)
  try {
    if (sealed?.sha256 !== undefined && (await digestOf(file)) !== sealed.sha256)
      throw damagedDataset(url, `${name} has different content than when it was written`)
    if (HAS_FOOTER.test(name)) await checkFooter(file, name, url)
  } finally {
    await file.close()
  }
}

async function digestOf(file: FileHandle): Promise<string> {
  const hash = createHash('sha256')
  const piece = new Uint8Array(PIECE_BYTES)
  for (let at = 0; ;) {
    const { bytesRead } = await file.read(piece, 0, piece.length, at)
    if (bytesRead === 0) return hash.digest('hex')
    hash.update(piece.subarray(0, bytesRead))
    at += bytesRead
  }
}

async function checkFooter(file: FileHandle, name: string, url: string): Promise<void> {
  const { size } = await file.stat()
  const refuse = (problem: string): Error => damagedDataset(url, `${name} is damaged: ${problem}`)
  if (size < ENTRY_BYTES) throw refuse('it has no footer')
  const start = Math.max(0, size - FOOTER_BYTES)
  const footer = await viewOf(file, start, size - start)
  const end = footer.byteLength
  const magic = [76, 65, 78, 67]
  if (magic.some((byte, i) => footer.getUint8(end - 4 + i) !== byte))
    throw refuse('its footer does not end with LANC')
  const [major, minor] = [footer.getUint16(end - 8, true), footer.getUint16(end - 6, true)]
  // Older files have another footer, without counts.
  if (major === 0 && minor < 3) return
  if (end < FOOTER_BYTES) throw refuse('it has no footer')
  const within = (at: bigint, length: bigint): boolean => at + length <= BigInt(start)
  for (const [what, from, count] of [
    ['columns', footer.getBigUint64(8, true), footer.getUint32(28, true)],
    ['buffers', footer.getBigUint64(16, true), footer.getUint32(24, true)],
  ] as const) {
    const bytes = ENTRY_BYTES * count
    if (count > MAX_ENTRIES || !within(from, BigInt(bytes)))
      throw refuse(`its footer has ${count} ${what} at ${from}`)
    const table = await viewOf(file, Number(from), bytes)
    for (let at = 0; at < bytes; at += ENTRY_BYTES) {
      if (!within(table.getBigUint64(at, true), table.getBigUint64(at + 8, true)))
        throw refuse(`one of its ${what} is outside of the file`)
    }
  }
}

async function viewOf(file: FileHandle, start: number, length: number): Promise<DataView> {
  const bytes = new Uint8Array(length)
  await file.read(bytes, 0, length, start)
  return new DataView(bytes.buffer)
}
