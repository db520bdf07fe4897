import { ShardyfusionError } from '@shardyfusion/core'

const MIB = 1024 * 1024

export function noKernelMemory(bytes: number, used: number): ShardyfusionError {
  return new ShardyfusionError(
    'SHARD_ENGINE',
    `vector search: ${Math.ceil(bytes / MIB)} MiB more are needed than the memory of the kernel can hold ` +
      `(4 GiB at most, ${Math.round(used / MIB)} MiB in use); lower setVectorCacheBudget, topK or the number of ` +
      'queries in one call',
    { retryable: false, details: { bytes, usedBytes: used } },
  )
}
