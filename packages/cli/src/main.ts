import { CommanderError } from 'commander'
import { COMMANDS } from './commands/specs.js'
import { createProgram, type ParsedCall } from './program.js'
import { Sink } from './output/sink.js'
import { paintFor, wantsColor } from './output/style.js'
import { printableJson } from './output/table.js'
import { columnsOf, isTerminal } from './output/terminal.js'
import { describeError, errorRecord, exitCodeOf } from './util/describe-error.js'
import { EXIT } from './util/exit-codes.js'
import { packageVersion } from './util/package-version.js'
import { BrokenPipe } from './util/usage-error.js'

/** Runs one command line and returns the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const stdout = new Sink(1)
  const stderr = new Sink(2)
  let called: ParsedCall | undefined
  let code: number = EXIT.ok
  let problem = ''
  const program = createProgram({
    specs: COMMANDS,
    first: args[0],
    version: packageVersion(),
    writeOut: (text) => stdout.write(text),
    writeErr: (text) => (problem += text),
    columns: columnsOf(1),
    onCall: async (call) => {
      called = call
      const { runCall } = await import('./session/run-call.js')
      code = await runCall(call, stdout, stderr)
    },
  })
  try {
    try {
      if (args.length === 0) program.outputHelp()
      else await program.parseAsync([...args], { from: 'user' })
    } finally {
      stdout.flush()
    }
  } catch (error) {
    if (error instanceof CommanderError && wantsJson(args)) problem = usageRecord(error, problem)
    code = await failed(error, called, stderr)
  }
  stderr.write(problem)
  try {
    stderr.flush()
  } catch {
    // There is no stream left to report this error to.
  }
  return code
}

/** True if the words of a command line that could not be parsed ask for JSON. */
function wantsJson(args: readonly string[]): boolean {
  return args.some((word, i) => {
    const [flag, value = args[i + 1]] = word.split('=', 2)
    return (
      flag === '--json' ||
      flag === '--ndjson' ||
      (flag === '--format' && (value === 'json' || value === 'ndjson'))
    )
  })
}

/** The JSON of an error of the parser; other text, such as help, is returned unchanged. */
function usageRecord({ exitCode, message }: CommanderError, text: string): string {
  if (exitCode === 0 || !message.startsWith('error: ')) return text
  const error = { code: 'USAGE', message: message.slice('error: '.length) }
  return `${printableJson(JSON.stringify({ error }))}\n`
}

async function failed(
  error: unknown,
  called: ParsedCall | undefined,
  stderr: Sink,
): Promise<number> {
  if (error instanceof BrokenPipe) return EXIT.ok
  // The parser has already printed the message.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
  const { json, ndjson, format, verbose, color } = called?.globals ?? {}
  const paint = paintFor(wantsColor(isTerminal(2), process.env, color))
  if (json === true || ndjson === true || format === 'json' || format === 'ndjson')
    stderr.write(`${printableJson(JSON.stringify(await errorRecord(error)))}\n`)
  else stderr.write(await describeError(error, verbose === true, paint))
  return exitCodeOf(error)
}
