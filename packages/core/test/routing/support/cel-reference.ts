import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { CelType } from '@shardyfusion/core'
import { pythonWith } from '@shardyfusion/test-support/python-with'

const SCRIPT = fileURLToPath(
  new URL('../../../test/routing/support/cel-reference.py', import.meta.url),
)
const REQUIRED = process.env['SHARDYFUSION_REQUIRE_PYTHON'] === '1'

export interface CelProgram {
  readonly expr: string
  readonly columns: Readonly<Record<string, CelType>>
  readonly rows: readonly Readonly<Record<string, unknown>>[]
}

/** `undefined` for a result that names no shard. */
export type CelResult = { readonly value: string | undefined } | { readonly error: string }
export type CelAnswer = { readonly refused: string } | { readonly results: readonly CelResult[] }
type Tagged = readonly [kind: string, value?: string | boolean]

/** Why the tests that compare with the Python project's library cannot run here. */
export const skipReference: string | undefined =
  REQUIRED || pythonWith('cel_expr_python') !== undefined
    ? undefined
    : 'needs cel-expr-python: run `npm run setup:s3` once, which installs it into .venv'

/** What the library of the Python project makes of programs; `undefined` for one that crashes it. */
export function askReference(programs: readonly CelProgram[]): (CelAnswer | undefined)[] {
  const python = pythonWith('cel_expr_python')
  if (python === undefined) throw new Error('cel-expr-python is required here, and not installed')
  const answers: (CelAnswer | undefined)[] = []
  while (answers.length < programs.length) {
    const lines = programs
      .slice(answers.length)
      .map(({ expr, columns, rows }) => JSON.stringify({ expr, columns, rows: rows.map(tagRow) }))
    const input = `${lines.join('\n')}\n`
    const { status, stdout, stderr } = spawnSync(python, [SCRIPT], {
      input,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      timeout: 120_000,
    })
    for (const line of stdout.split('\n').filter(Boolean)) {
      const answer = JSON.parse(line) as
        | { refused: string }
        | { results: (Tagged | { error: string })[] }
      answers.push('refused' in answer ? answer : { results: answer.results.map(untag) })
    }
    if (status === 0) break
    if (status !== null) throw new Error(`cel-reference.py ended with ${status}:\n${stderr}`)
    answers.push(undefined)
  }
  return answers
}

/** A token as text that tells types apart, as far as routing does. */
export function tokenText(token: bigint | string | Uint8Array): string {
  if (typeof token === 'bigint') return `i:${token}`
  return typeof token === 'string' ? `s:${token}` : `b:${Buffer.from(token).toString('hex')}`
}

function tagRow(row: Readonly<Record<string, unknown>>): Record<string, Tagged> {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, tag(value)]))
}

function tag(value: unknown): Tagged {
  if (typeof value === 'bigint') return ['i', String(value)]
  if (typeof value === 'string') return ['s', value]
  if (typeof value === 'boolean') return ['t', value]
  if (value instanceof Uint8Array) return ['b', Buffer.from(value).toString('hex')]
  if (typeof value !== 'number') return ['n']
  const bits = Buffer.alloc(8)
  bits.writeDoubleBE(value)
  return ['d', bits.toString('hex')]
}

function untag(result: Tagged | { error: string }): CelResult {
  if ('error' in result) return result
  const [kind, value] = result
  return { value: ['i', 's', 'b'].includes(kind) ? `${kind}:${value}` : undefined }
}
