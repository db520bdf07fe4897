import type { OutputFormat } from '../output/printer.js'
import type { Context } from '../session/context.js'

export interface ArgumentSpec {
  readonly name: string
  readonly about: string
  readonly optional?: true
  readonly variadic?: true
  readonly choices?: readonly string[]
}

export interface OptionSpec {
  /** As in the help: `--limit <n>`, `-o, --output <file>`, `--yes`. */
  readonly flags: string
  readonly about: string
  readonly choices?: readonly string[]
  /** Completed, though others are taken, too. */
  readonly suggestions?: readonly string[]
  /** Said in the help; commands apply it themselves. */
  readonly fallback?: string
  /** May be given more than once; the command gets a list. */
  readonly repeat?: true
  /** A whole number of at least `min`, in this unit. */
  readonly integer?: { readonly min: number; readonly unit: string }
}

/** The call of a command: words in order, options in camel case, numbers parsed. */
export interface Call<Options = object> {
  readonly context: Context
  readonly args: readonly string[]
  readonly options: Options
  /** All commands of the program, for those that complete or run others. */
  readonly commands: readonly CommandSpec[]
}

/** Gives the exit code. */
export type Run<Options = object> = (call: Call<Options>) => number | Promise<number>

export const GROUPS = {
  build: 'Build',
  read: 'Look up',
  inspect: 'Inspect',
  operate: 'Operate',
  tools: 'Tools',
} as const

/**
 * A command as help, completion, the manual page and the parser see it.
 *
 * The code behind it is loaded when the command runs, and not before: `--help` needs none of it.
 */
export interface CommandSpec {
  readonly name: string
  readonly group: keyof typeof GROUPS
  readonly summary: string
  /** Paragraphs below the summary. */
  readonly about?: string
  readonly args?: readonly ArgumentSpec[]
  readonly options?: readonly OptionSpec[]
  readonly examples?: readonly string[]
  /** What exit code 1 means here, if the command has one. */
  readonly finding?: string
  /** Format on a pipe when none was asked for; `ndjson` by default. `table` for what is one text either way. */
  readonly pipedAs?: OutputFormat
  /** Can be used in the REPL and in scripts of `exec`. */
  readonly inSession?: true
  /** Is over in a moment: what pays off only in long runs is left out. */
  readonly brief?: true
  /** Needs no snapshot, and so does not load the library. */
  readonly offline?: true
  readonly subcommands?: readonly CommandSpec[]
  readonly load?: () => Promise<{ readonly run: Run<never> }>
}
