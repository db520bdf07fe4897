import { Argument, Command, InvalidArgumentError, Option } from 'commander'
import { type ArgumentSpec, type CommandSpec, GROUPS, type OptionSpec } from './commands/command.js'
import { GLOBAL_OPTIONS } from './commands/shared-options.js'

/** Unparsed global options. */
export interface GlobalFlags {
  prefix?: string
  run?: string
  format?: string
  json?: true
  ndjson?: true
  csv?: true
  raw?: true
  keys?: string
  values?: string
  config?: string
  profile?: string
  engine?: string
  engineOptions?: string
  catalog?: string
  catalogOptions?: string
  shardUrls?: string
  cache?: string
  s3?: string[]
  envFile?: string
  timeoutMs?: number
  color?: boolean
  verbose?: true
}

/** A parsed call of a command. */
export interface ParsedCall {
  readonly spec: CommandSpec
  readonly args: readonly string[]
  readonly options: Readonly<Record<string, unknown>>
  readonly globals: GlobalFlags
  /** All commands of the program. */
  readonly commands: readonly CommandSpec[]
}

export interface ProgramOptions {
  readonly specs: readonly CommandSpec[]
  /** The first word of the command line. If it names a command, the parser has no others: they take time. */
  readonly first: string | undefined
  readonly version: string
  readonly writeOut: (text: string) => void
  readonly writeErr: (text: string) => void
  readonly columns: number | undefined
  readonly onCall: (call: ParsedCall) => Promise<void>
}

/**
 * Creates the command line parser, including the help, from the specs of the commands.
 *
 * Errors: CommanderError after its text has been written. Its `exitCode` is 0 for help and version.
 */
export function createProgram(options: ProgramOptions): Command {
  const program = configured(new Command('shardy'), options)
  program
    .description('Build, look up, inspect, roll back and clean up sharded snapshots.')
    .version(options.version, '-V, --version', 'print the version')
    .usage('<command> [options]')
    .helpCommand('help [command]', 'show help for a command')
    .addHelpText(
      'after',
      "\nRun 'shardy help <command>' for help on one command, and 'man shardy' for the manual page.",
    )
  for (const option of GLOBAL_OPTIONS) program.addOption(toOption(option))
  const named = options.specs.filter((spec) => spec.name === options.first)
  for (const spec of named.length > 0 ? named : options.specs)
    program.addCommand(toCommand(spec, options))
  return program
}

function configured(command: Command, options: ProgramOptions): Command {
  const width = Math.min(options.columns ?? 100, 110)
  return command
    .exitOverride()
    .configureOutput({
      writeOut: options.writeOut,
      writeErr: options.writeErr,
      getOutHelpWidth: () => width,
      getErrHelpWidth: () => width,
      // The help has no styles. Otherwise the parser would open the standard streams, which takes milliseconds.
      getOutHasColors: () => false,
      getErrHasColors: () => false,
      outputError: (text, write) => write(text.replace(/^error: /, 'shardy: ')),
    })
    .showHelpAfterError('(run with --help for usage)')
    .configureHelp({ showGlobalOptions: true, visibleOptions })
}

/** The options in the help of a command: all except hidden ones and `--help`. */
function visibleOptions(command: Command): Option[] {
  return command.options.filter((option) => !option.hidden && option.long !== '--help')
}

function toCommand(spec: CommandSpec, options: ProgramOptions): Command {
  const command = configured(new Command(spec.name), options).summary(spec.summary)
  command.helpGroup(`${GROUPS[spec.group]}:`)
  const paragraphs = [`${capitalised(spec.summary)}.`, spec.about].filter(
    (text) => text !== undefined,
  )
  command.description(paragraphs.map(unwrapped).join('\n\n'))
  for (const argument of spec.args ?? []) command.addArgument(toArgument(argument))
  for (const option of spec.options ?? []) command.addOption(toOption(option))
  if (spec.examples !== undefined) {
    command.addHelpText('after', `\nExamples:\n${spec.examples.map((e) => `  $ ${e}`).join('\n')}`)
  }
  for (const child of spec.subcommands ?? []) command.addCommand(toCommand(child, options))
  if (spec.load === undefined) return command
  return command.action(async (...given: unknown[]) => {
    const self = given.at(-1) as Command
    const words = given
      .slice(0, -2)
      .flat()
      .filter((word) => word !== undefined) as string[]
    const globals = self.optsWithGlobals<GlobalFlags & Record<string, unknown>>()
    await options.onCall({
      spec,
      args: words,
      options: self.opts(),
      globals,
      commands: options.specs,
    })
  })
}

/** Joins the lines of each paragraph, which the help breaks at the width of the terminal. Indented lines stay. */
function unwrapped(text: string): string {
  return text.replaceAll(/([^\n])\n(?=[^\s])/g, '$1 ')
}

function toArgument({ name, about, optional, variadic, choices }: ArgumentSpec): Argument {
  const dots = variadic === true ? '...' : ''
  const argument = new Argument(optional === true ? `[${name}${dots}]` : `<${name}${dots}>`, about)
  return choices === undefined ? argument : argument.choices(choices)
}

function toOption({ flags, about, choices, fallback, repeat, integer }: OptionSpec): Option {
  const text = fallback === undefined ? about : `${about} (default: ${fallback})`
  const option = new Option(flags, text)
  if (choices !== undefined) option.choices(choices)
  if (integer !== undefined) option.argParser((given) => parseInteger(given, integer))
  if (repeat === true) {
    option.argParser((given, before: string[] | undefined) => [...(before ?? []), given])
  }
  return option
}

function parseInteger(given: string, { min, unit }: { min: number; unit: string }): number {
  // Accept separators: 1_000_000 and 1,000,000.
  const number = /^\d[\d_,]{0,30}$/.test(given) ? Number(given.replace(/[_,]/g, '')) : Number.NaN
  if (Number.isSafeInteger(number) && number >= min) return number
  throw new InvalidArgumentError(`It must be an integer of ${min} or more (${unit}).`)
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
