import type { CommandSpec, OptionSpec } from '../commands/command.js'
import { GLOBAL_OPTIONS } from '../commands/shared-options.js'
import { namesOf } from '../repl/complete.js'

/** An option, in the form that completion scripts need. */
export interface CompletedOption {
  readonly names: readonly string[]
  readonly about: string
  /** The value of the option: none, one of these words, a file, or other text. */
  readonly value: 'none' | 'file' | 'other' | readonly string[]
}

export interface CompletedCommand {
  readonly name: string
  readonly summary: string
  readonly options: readonly CompletedOption[]
  /** Words that may follow the command: subcommands, or the choices of an argument. */
  readonly words: readonly string[]
  /** Whether the arguments are files. */
  readonly takesFiles: boolean
}

export function completedCommands(commands: readonly CommandSpec[]): CompletedCommand[] {
  return commands.map((spec) => ({
    name: spec.name,
    summary: spec.summary,
    options: (spec.options ?? []).map(completedOption),
    words: wordsOf(spec),
    takesFiles: (spec.args ?? []).some(({ name }) => name === 'input' || name === 'script'),
  }))
}

export function completedGlobals(): CompletedOption[] {
  return [
    ...GLOBAL_OPTIONS.map(completedOption),
    { names: ['--help'], about: 'show help for a command', value: 'none' },
  ]
}

function completedOption({ flags, about, choices, suggestions }: OptionSpec): CompletedOption {
  const open = flags.indexOf('<')
  const placeholder = open < 0 ? undefined : flags.slice(open + 1, flags.indexOf('>', open))
  return { names: namesOf(flags), about, value: valueOf(placeholder, choices ?? suggestions) }
}

function valueOf(
  placeholder: string | undefined,
  choices: readonly string[] | undefined,
): CompletedOption['value'] {
  if (placeholder === undefined) return 'none'
  if (choices !== undefined) return choices
  return placeholder === 'file' || placeholder === 'where' ? 'file' : 'other'
}

function wordsOf({ args, subcommands }: CommandSpec): string[] {
  return [
    ...(subcommands ?? []).map(({ name }) => name),
    ...(args ?? []).flatMap(({ choices }) => choices ?? []),
  ]
}
