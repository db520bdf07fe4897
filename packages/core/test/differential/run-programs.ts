import type { TestContext } from 'node:test'
import * as fc from 'fast-check'
import { IS_SOAK, soak } from '@shardyfusion/test-support/soak'
import { program } from './program.js'
import { type Ground, runProgram } from './run-program.js'

const ROUND = 10
/** Steps of a program, at most; longer ones have fewer builds for as many steps. */
const MAX_STEPS = IS_SOAK ? 800 : 200

/** Whether the native engine can be loaded here. */
export const HAS_NATIVE = await import('@slatedb/uniffi').then(
  () => true,
  () => false,
)

/**
 * Runs random programs until so many steps were compared: `short` of them, or `long` with SHARDYFUSION_SOAK=1.
 *
 * A failure has the shrunk program, its seed and its path; SHARDYFUSION_SEED and SHARDYFUSION_PATH run it again, in the
 * same form.
 */
export async function runPrograms(
  t: TestContext,
  steps: { readonly short: number; readonly long: number },
  makeGround: (run: number) => Ground,
): Promise<void> {
  const { SHARDYFUSION_SEED: given, SHARDYFUSION_PATH: path } = process.env
  const seed = given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given)
  const target = soak(steps.short, steps.long)
  let done = 0
  let run = 0
  t.diagnostic(`seed ${seed}`)
  const property = fc.asyncProperty(program(MAX_STEPS), async (one) => {
    done += await runProgram(one, makeGround(run++))
  })
  for (let round = 0; done < target; round++) {
    await fc.assert(property, {
      seed: seed + round,
      numRuns: ROUND,
      // To shrink takes runs, too.
      interruptAfterTimeLimit: 200_000,
      markInterruptAsFailure: true,
      ...(path !== undefined && { path }),
    })
    if (path !== undefined) return
  }
  t.diagnostic(`${done} steps of ${run} programs compared`)
}
