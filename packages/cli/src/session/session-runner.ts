import { CommanderError } from 'commander'
import type { CommandSpec, Run } from '../commands/command.js'
import { type OutputFormat, Printer } from '../output/printer.js'
import type { ByteFormat } from '../output/render-bytes.js'
import type { Paint } from '../output/style.js'
import { createProgram, type GlobalFlags, type ParsedCall } from '../program.js'
import { EXIT } from '../util/exit-codes.js'
import { UsageError } from '../util/usage-error.js'
import type { Context } from './context.js'
import { formatFlag } from './run-call.js'

/** Global options that apply to one command of a session. The others are fixed when the session opens. */
const PRESENTATION: readonly (keyof GlobalFlags)[] = [
  'format',
  'json',
  'ndjson',
  'csv',
  'raw',
  'keys',
  'values',
  'verbose',
  'color',
]

/** Commands that are available in a REPL or a script. */
export function sessionCommands(commands: readonly CommandSpec[]): readonly CommandSpec[] {
  return commands.filter((spec) => spec.inSession === true)
}

/** The output streams of one command of a session, and the default format. */
export interface SessionOutput {
  readonly write: (data: string | Uint8Array) => void
  readonly writeErr: (text: string) => void
  readonly format: OutputFormat
  readonly columns: number | undefined
  readonly isTerminal: boolean
  readonly paint: Paint
}

/**
 * Runs one of `commands` in the session of `base` and returns the exit code.
 *
 * Errors: those of the command. Parser errors are written to `output` and return 2.
 */
export async function runInSession(
  words: readonly string[],
  commands: readonly CommandSpec[],
  base: Context,
  output: SessionOutput,
): Promise<number> {
  let code: number = EXIT.ok
  const program = createProgram({
    specs: sessionCommands(commands),
    first: words[0],
    version: '',
    writeOut: output.write,
    writeErr: output.writeErr,
    columns: output.columns,
    onCall: async (call) => {
      code = await runOne(call, base, output)
    },
  })
  try {
    await program.parseAsync([...words], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage
  }
  return code
}

async function runOne(call: ParsedCall, base: Context, output: SessionOutput): Promise<number> {
  const { spec, args, options, globals, commands } = call
  const foreign = Object.keys(globals).find(
    (name) => !(name in options) && !PRESENTATION.includes(name as keyof GlobalFlags),
  )
  if (foreign !== undefined)
    throw new UsageError(
      `${spec.name}: --${foreign} cannot change within a session; pass it when the session starts`,
    )
  const chosenFormat = formatFlag(globals)
  const context: Context = {
    ...base,
    chosenFormat: chosenFormat ?? base.chosenFormat,
    keysAs: (globals.keys ?? base.keysAs) as ByteFormat,
    valuesAs: (globals.values ?? base.valuesAs) as ByteFormat,
    verbose: globals.verbose ?? base.verbose,
    printer: new Printer({
      format: chosenFormat ?? output.format,
      write: output.write,
      paint: output.paint,
      columns: output.columns,
      isTerminal: output.isTerminal,
    }),
  }
  const { run } = await spec.load!()
  return await (run as Run)({ context, args, options, commands })
}
