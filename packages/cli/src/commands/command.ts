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
  /** As the help shows it: `--limit <n>`, `-o, --output <file>`, `--yes`. */
  readonly flags: string
  readonly about: string
  readonly choices?: readonly string[]
  /** Words that completion offers. Other words are valid, too. */
  readonly suggestions?: readonly string[]
  /** The default, as the help shows it. Commands apply defaults themselves. */
  readonly fallback?: string
  /** May be passed more than once; the command receives a list. */
  readonly repeat?: true
  /** An integer of at least `min`, in this unit. */
  readonly integer?: { readonly min: number; readonly unit: string }
}

/** A call of a command: arguments in order, options in camel case, numbers parsed. */
export interface Call<Options = object> {
  readonly context: Context
  readonly args: readonly string[]
  readonly options: Options
  /** All commands of the program, for commands that complete or run other commands. */
  readonly commands: readonly CommandSpec[]
}

/** Runs a command and returns the exit code. */
export type Run<Options = object> = (call: Call<Options>) => number | Promise<number>

export const GROUPS = {
  build: 'Build',
  read: 'Look up',
  inspect: 'Inspect',
  operate: 'Operate',
  tools: 'Tools',
} as const

/**
 * Describes a command for the parser, the help, completion and the manual page.
 *
 * The implementation is loaded when the command runs, because `--help` does not need it.
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
  /** Meaning of exit code 1, if the command uses it. */
  readonly finding?: string
  /** Default format if stdout is a pipe; `ndjson` by default. `table` if the output is the same text in both cases. */
  readonly pipedAs?: OutputFormat
  /** Available in the REPL and in scripts of `exec`. */
  readonly inSession?: true
  /** Finishes quickly, so optimizations that only help long runs are skipped. */
  readonly brief?: true
  /** Looks up keys with `Session.lookupReader`, so the library of a worker is not loaded. */
  readonly inThread?: true
  /** Needs no snapshot, so the library is not loaded. */
  readonly offline?: true
  readonly subcommands?: readonly CommandSpec[]
  readonly load?: () => Promise<{ readonly run: Run<never> }>
}
