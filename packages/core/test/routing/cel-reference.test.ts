import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RoutingContext } from '@shardyfusion/core'
import { CelExpression } from '#dist/routing/cel/cel-expression.js'
import { isShardyfusionError } from '@shardyfusion/core'
import fc from 'fast-check'
import { soak } from '@shardyfusion/test-support/soak'
import { programs } from './support/cel-programs.js'
import {
  askReference,
  type CelAnswer,
  type CelProgram,
  type CelResult,
  skipReference,
  tokenText,
} from './support/cel-reference.js'

const PROGRAMS = soak(1_500, 10_000)
/** A constant, so that a difference is found by who looks for it and not in an unrelated change. */
const DEFAULT_SEED = 1_001

test(
  'cel: random programs over random columns agree with the Python project',
  { skip: skipReference ?? false },
  async () => {
    const seed = Number(process.env['SHARDYFUSION_SEED'] ?? DEFAULT_SEED)
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

/** Expressions over items of an empty list, whose type is open until a function decides it. */
function* openTypes(): Generator<CelProgram> {
  const deciding = [
    'x > y',
    'x + y',
    'size(x) > 0',
    'x in y',
    'x[y]',
    'x == y',
    'x.a',
    'y.matches(x)',
  ]
  const uses = [
    '_ - 1',
    '_ - 1u',
    '_ + "a"',
    '_ + [1]',
    '!_',
    '_.a',
    'size(_)',
    '_ == null',
    '_[0]',
  ]
  for (const first of deciding) {
    for (const second of uses.flatMap((use) => [use.replace('_', 'x'), use.replace('_', 'y')])) {
      const expr = `[].map(x, [].map(y, [dyn(${first}), dyn(${second})])).size()`
      yield { expr, columns: { k: 'int' }, rows: [{ k: 1n }] }
    }
  }
}

/** Errors next to an operand that decides; `||` ignores most, but not a map with equal keys. */
function* errorsNextToTrue(): Generator<CelProgram> {
  const columns = { k: 'int', t: 'bool' } as const
  const errors = [
    '1 / 0',
    '{"a": k, "a": k}.size()',
    '{"a": k, "a": 1 / 0}.size()',
    '{"a": k, "a": k, "b": 1 / 0}.size()',
    '{"a": k, "a": k, dyn(1.0): 1}.size()',
    '{dyn(1.0): 1}.size()',
    '[1].map(x, {k: x, k: x})[0].size()',
    '{1: k, dyn(1u): k}[1]',
    'int("x")',
    '[1][5]',
  ]
  for (const error of errors) {
    const forms = [`${error} > 0 || t`, `t || ${error} > 0`, `${error} > 0 && !t`]
    forms.push(`[1, 2].exists(x, x == 2 || ${error} > 0)`)
    for (const form of forms) {
      yield { expr: `(${form}) ? 1 : 2`, columns, rows: [{ k: 1n, t: true }] }
    }
  }
}

for (const [what, found] of [
  ['open types', openTypes()],
  ['errors next to an operand that decides', errorsNextToTrue()],
] as const) {
  test(`cel: ${what} as in the Python project`, { skip: skipReference ?? false }, async () => {
    const all = [...found]
    const expected = askReference(all)
    for (const [i, program] of all.entries()) {
      const [ours, theirs] = [await answer(program), expected[i]!]
      assert.ok(agree(ours, theirs), JSON.stringify({ expr: program.expr, ours, theirs }))
    }
  })
}

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
