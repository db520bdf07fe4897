import { AtomicFile } from '../output/atomic-file.js'
import { filePrinter } from '../output/file-printer.js'
import { type Cell, JsonText } from '../output/json-text.js'
import type { Printer } from '../output/printer.js'
import { paintFor } from '../output/style.js'
import { printable } from '../output/table.js'
import { readScript } from '../script/read-script.js'
import type { Context } from '../session/context.js'
import { runInSession } from '../session/session-runner.js'
import { describeError, errorRecord, exitCodeOf } from '../util/describe-error.js'
import { EXIT } from '../util/exit-codes.js'
import type { Call, CommandSpec } from './command.js'

export async function run({
  context,
  args,
  options,
  commands,
}: Call<{ output?: string }>): Promise<number> {
  const script = await readScript(args[0]!)
  const file = options.output === undefined ? undefined : new AtomicFile(options.output)
  const printer = file === undefined ? context.printer : filePrinter(file, context.chosenFormat)
  try {
    let worst: number = EXIT.ok
    const list = printer.format === 'table' ? undefined : printer.list(COLUMNS)
    for (const words of script.commands) {
      const code = await (list === undefined
        ? printText(words, commands, context, printer)
        : printRow(words, commands, context, list))
      worst = Math.max(worst, code)
      if (code > EXIT.finding && script.onError === 'stop') break
    }
    list?.end()
    file?.commit()
    return worst
  } finally {
    file?.close()
  }
}

const COLUMNS = [
  { name: 'command' },
  { name: 'exitCode' },
  { name: 'result' },
  { name: 'error' },
  { name: 'message' },
]

/** Prints the command and its output below it, for people. */
async function printText(
  words: readonly string[],
  commands: readonly CommandSpec[],
  context: Context,
  printer: Printer,
): Promise<number> {
  printer.line(printer.paint('bold', `> ${printable(lineOf(words))}`))
  try {
    return await runInSession(words, commands, context, {
      write: (data) => printer.write(data),
      writeErr: (text) => printer.write(text),
      format: 'table',
      columns: context.stdout.columns,
      isTerminal: context.stdout.isTerminal,
      paint: printer.paint,
    })
  } catch (error) {
    printer.write(await describeError(error, context.verbose, printer.paint))
    return exitCodeOf(error)
  }
}

/** Prints one object per command, with its output as JSON, for programs. */
async function printRow(
  words: readonly string[],
  commands: readonly CommandSpec[],
  context: Context,
  list: { row(row: Record<string, Cell>): void },
): Promise<number> {
  const out: Buffer[] = []
  const err: string[] = []
  let exitCode: number
  let error: Cell
  try {
    exitCode = await runInSession(
      words,
      commands,
      { ...context, writeErr: () => {} },
      {
        write: (data) => out.push(Buffer.from(data)),
        writeErr: (text) => err.push(text),
        format: 'json',
        columns: undefined,
        // The outer list escapes its rows.
        isTerminal: false,
        paint: paintFor(false),
      },
    )
  } catch (caught) {
    exitCode = exitCodeOf(caught)
    error = (await errorRecord(caught))['error'] as Cell
  }
  const text = Buffer.concat(out).toString().trim()
  const message = err.join('').trim()
  list.row({
    command: lineOf(words),
    exitCode,
    result: text === '' ? undefined : asJson(text),
    error,
    message: message === '' ? undefined : message,
  })
  return exitCode
}

/** The text as JSON, or unchanged if the command chose another format. */
function asJson(text: string): Cell {
  try {
    JSON.parse(text)
    return new JsonText(text)
  } catch {
    return text
  }
}

function lineOf(words: readonly string[]): string {
  return words
    .filter((word) => word !== '--')
    .map((word) =>
      word !== '' && !/[^\w@%+=:,./~-]/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`,
    )
    .join(' ')
}
