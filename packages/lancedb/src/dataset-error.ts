import { isShardyfusionError, type ShardyfusionError } from '@shardyfusion/core/extend'
import { engineError, notFound } from '@shardyfusion/core/internal-vector'
import { reasonOf } from './library.js'

const WHERE = 'lancedb'
export const TABLE = 'vector_index'
export const DATASET = `${TABLE}.lance`

/** Formats that only a later LanceDB reads. */
const NEWER =
  /Unknown Lance storage version|unsupported index version|reader feature|newer version|not supported by this version/i
/** Messages of the system and of LanceDB about a disk without room. */
const NO_ROOM = /ENOSPC|EDQUOT|EFBIG|No space left on device|quota exceeded|File too large/i
const MISSING = /was not found|Not found: .*_versions/i

/** Passes errors of this SDK on, and names the shard in those of LanceDB. */
export async function translated<T>(
  url: string,
  work: () => Promise<T>,
  done: 'read' | 'written' = 'read',
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (isShardyfusionError(error)) throw error
    throw datasetError(url, error, done)
  }
}

export function missingDataset(url: string): ShardyfusionError {
  return notFound(WHERE, `the shard ${url} does not exist: it has no table ${DATASET}`, {
    details: { url },
  })
}

/** The error for a table whose contents are not those of a shard. */
export function damagedDataset(url: string, problem: string): ShardyfusionError {
  return engineError(
    WHERE,
    `${url}/${DATASET}: ${problem}; restore it from a copy, or build the snapshot again`,
    { details: { url, kind: 'Data' } },
  )
}

/** The error for a disk that has no room for a shard; `undefined` for other errors. */
export function diskError(
  url: string,
  cause: unknown,
  folder: string,
  bytes?: number,
): ShardyfusionError | undefined {
  const reason = reasonOf(cause)
  if (isShardyfusionError(cause) || !NO_ROOM.test(reason)) return undefined
  const needed = bytes === undefined ? '' : `, which needs ${bytes} bytes`
  return engineError(
    WHERE,
    `the disk of ${folder} has no room for the files of ${url}/${DATASET}${needed}: ${reason}; free some, or name a folder on ` +
      'another disk with lancedb({ temporaryFolder }), and bound its size with temporaryBytes',
    { cause, details: { url, bytes } },
  )
}

function datasetError(url: string, cause: unknown, done: string): ShardyfusionError {
  const reason = reasonOf(cause).replace(/, \/[^\s,]*\/registry\/src\/\S+/g, '')
  const details = { url, kind: 'Data' }
  if (NEWER.test(reason)) {
    return engineError(
      WHERE,
      `${url}/${DATASET} was written by a later LanceDB than the one installed here: ${reason}; update ` +
        '@shardyfusion/lancedb, or write the snapshot with lancedb({ storageVersion })',
      { cause, details },
    )
  }
  if (MISSING.test(reason) && reason.includes(`${DATASET}/_versions`)) return missingDataset(url)
  return engineError(WHERE, `${url}/${DATASET} could not be ${done}: ${reason}`, { cause, details })
}
