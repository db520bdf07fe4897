import { openInput } from '../input/open-input.js'
import { wholeText } from '../input/text-lines.js'
import { UsageError } from '../util/usage-error.js'
import { splitWords } from '../session/words.js'
import { isErrorNamed } from '../util/is-error.js'

const MAX_SCRIPT_BYTES = 16 * 1024 * 1024

export interface Script {
  /** Whether a failed command ends the script. */
  readonly onError: 'stop' | 'continue'
  /** The words of each command. */
  readonly commands: readonly (readonly string[])[]
}

/**
 * Reads a YAML script: a list under `commands:` of command lines, or of maps with `op`.
 *
 * Errors: UsageError that names the item. Source: the batch scripts of the Python project, extended by command lines.
 */
export async function readScript(path: string): Promise<Script> {
  const text = await wholeText(openInput(path), MAX_SCRIPT_BYTES)
  const script = await parsed(text, path)
  if (!isMap(script) || !Array.isArray(script['commands']))
    throw new UsageError(`${path}: expected a list under "commands:"`)
  const { commands, on_error: onError = 'stop', ...others } = script
  const [unknown] = Object.keys(others)
  if (unknown !== undefined)
    throw new UsageError(`${path}: unknown "${unknown}"; a script has "commands" and "on_error"`)
  if (onError !== 'stop' && onError !== 'continue')
    throw new UsageError(`${path}: on_error must be stop or continue`)
  return {
    onError,
    commands: (commands as unknown[]).map((item, i) => wordsOf(item, `${path}: command ${i + 1}`)),
  }
}

async function parsed(text: string, path: string): Promise<unknown> {
  const { parseDocument } = await import('yaml')
  try {
    const document = parseDocument(text, { intAsBigInt: true })
    const [problem] = document.errors
    if (problem !== undefined)
      throw new UsageError(`${path}: ${problem.message}`, { cause: problem })
    return document.toJS({ maxAliasCount: 0 })
  } catch (cause) {
    // The parser is recursive, so deep nesting exhausts the stack.
    if (!isErrorNamed(cause, 'RangeError')) throw cause
    throw new UsageError(`${path}: lists and maps are nested too deeply; use fewer levels`, {
      cause,
    })
  }
}

function wordsOf(item: unknown, where: string): string[] {
  if (typeof item === 'string') return splitWords(item)
  if (!isMap(item) || typeof item['op'] !== 'string')
    throw new UsageError(`${where}: expected a command line, or a map with "op"`)
  const { op, key, keys, args, ...options } = item
  const words = [key, keys, args].flat().filter((word) => word !== undefined)
  const flags = Object.entries(options).flatMap(([name, value]) => flagWords(name, value, where))
  return [op as string, ...flags, '--', ...words.map((word) => wordOf(word, where))]
}

function flagWords(name: string, value: unknown, where: string): string[] {
  const flag = `--${name.replaceAll('_', '-')}`
  if (value === true) return [flag]
  if (value === false) return []
  // A map stands for repeated name=value options, such as --context.
  if (isMap(value))
    return Object.entries(value).flatMap(([k, v]) => [flag, `${k}=${wordOf(v, where)}`])
  return [value].flat().flatMap((one) => [flag, wordOf(one, where)])
}

function wordOf(value: unknown, where: string): string {
  if (typeof value === 'string') return value
  if (typeof value === 'bigint' || typeof value === 'number') return String(value)
  throw new UsageError(
    `${where}: expected text or a number, got ${JSON.stringify(value) ?? 'nothing'}`,
  )
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
