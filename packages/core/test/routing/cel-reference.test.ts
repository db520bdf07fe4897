import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RoutingContext } from '@shardyfusion/core'
import { CelExpression } from '#dist/routing/cel/cel-expression.js'
import { isShardyfusionError } from '@shardyfusion/core'
import fc from 'fast-check'
import { programs } from './support/cel-programs.js'
import {
  askReference,
  type CelAnswer,
  type CelProgram,
  type CelResult,
  skipReference,
  tokenText,
} from './support/cel-reference.js'

const PROGRAMS = process.env['SHARDYFUSION_SOAK'] === '1' ? 40_000 : 1_500

test(
  'cel: random programs over random columns agree with the Python project',
  { skip: skipReference ?? false },
  async () => {
    const seed = Number(process.env['SHARDYFUSION_SEED'] ?? Date.now() % 2 ** 31)
    const sample = fc.sample(programs, { numRuns: PROGRAMS, seed })
    const expected = askReference(sample)
    const counts = { refused: 0, values: 0, errors: 0, crashes: 0 }
    const wrong: unknown[] = []
    for (const [i, program] of sample.entries()) {
      const ours = await answer(program)
      const theirs = expected[i]
      if (theirs === undefined) {
        counts.crashes++
        continue
      }
      count(theirs, counts)
      if (!agree(ours, theirs)) wrong.push({ expr: program.expr, rows: program.rows, ours, theirs })
    }
    assert.deepEqual(wrong.slice(0, 5), [], `${wrong.length} of ${PROGRAMS} differ, seed ${seed}`)
    assert.ok(
      counts.values > PROGRAMS / 2 && counts.refused > 0 && counts.errors > 0,
      JSON.stringify(counts),
    )
  },
)

async function answer({ expr, columns, rows }: CelProgram): Promise<CelAnswer> {
  let expression: CelExpression
  try {
    expression = await CelExpression.compile(expr, columns, 'test')
  } catch (error) {
    return { refused: messageOf(error) }
  }
  return {
    results: rows.map((row) => {
      try {
        return { value: tokenText(expression.evaluate(0n, row as RoutingContext, 'test')) }
      } catch (error) {
        const message = messageOf(error)
        return message.includes('must return int') ? { value: undefined } : { error: message }
      }
    }),
  }
}

function messageOf(error: unknown): string {
  if (!isShardyfusionError(error)) throw error
  return error.message
}

function agree(ours: CelAnswer, theirs: CelAnswer): boolean {
  if ('refused' in ours || 'refused' in theirs) return 'refused' in ours && 'refused' in theirs
  return ours.results.every((result, i) => sameResult(result, theirs.results[i]!))
}

function sameResult(ours: CelResult, theirs: CelResult): boolean {
  if ('error' in ours || 'error' in theirs) return 'error' in ours && 'error' in theirs
  return ours.value === theirs.value
}

function count(
  given: CelAnswer,
  counts: { refused: number; values: number; errors: number },
): void {
  if ('refused' in given) counts.refused++
  else for (const result of given.results) counts['error' in result ? 'errors' : 'values']++
}
