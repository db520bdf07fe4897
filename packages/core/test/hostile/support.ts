import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isShardyfusionError, type ErrorCode } from '@shardyfusion/core'
import { cpuMs } from '@shardyfusion/test-support/cpu-ms'
import { MemoryTrend } from '@shardyfusion/test-support/memory-trend'

/** No single input may take more processor time, in milliseconds. */
const MAX_INPUT_MS = 20_000

const MIB = 2 ** 20
const READINGS = 20

let inputs = 0
/** What `feed` reads memory into, and after how many inputs. */
let memory = new MemoryTrend()
let inputsPerReading = Infinity

/** Inputs tried so far in this file. */
export const inputsTried = (): number => inputs

/** A test with about so many inputs, which leave no memory behind. */
export function hostileTest(
  name: string,
  numRuns: number,
  work: (options: { numRuns: number; endOnFailure: true }) => Promise<void>,
): void {
  test(name, async () => {
    memory = new MemoryTrend()
    inputsPerReading = Math.ceil(numRuns / READINGS)
    await work({ numRuns, endOnFailure: true })
    memory.assertNoGrowth({ heap: MIB / 2, resident: 16 * MIB })
  })
}

/**
 * Feeds one hostile input: it must be taken, or refused with one of these codes, in bounded time.
 *
 * Gives what came out, or the code.
 */
export async function feed<T>(
  codes: readonly ErrorCode[],
  work: () => Promise<T>,
): Promise<T | ErrorCode> {
  if (++inputs % inputsPerReading === 0) await memory.read()
  const startedAt = cpuMs()
  try {
    return await work()
  } catch (error) {
    if (!isShardyfusionError(error) || !codes.includes(error.code)) throw error
    // Whoever reads the message has to be able to: it is short, and of one line.
    assert.ok(error.message.length < 2000, `a message of ${error.message.length} characters`)
    return error.code
  } finally {
    const ms = cpuMs() - startedAt
    assert.ok(ms < MAX_INPUT_MS, `one input took ${Math.round(ms)} ms`)
  }
}

/** True for a URL that lies below the root however anybody may read it. */
export function isSafelyBelow(url: string, root: string): boolean {
  if (!url.startsWith(`${root}/`)) return false
  const rest = decodeURIComponent(url.slice(root.length + 1).replace(/%(?![0-9a-f]{2})/gi, '%25'))
  return (
    !/[\\?#\0-\x1f]/.test(rest) && rest.split('/').every((part) => !/^\s*\.{0,2}\s*$/.test(part))
  )
}
