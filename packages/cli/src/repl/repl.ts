import { callbackify } from 'node:util'
import { createInterface, type Interface } from 'node:readline'
import type { CommandSpec } from '../commands/command.js'
import { GLOBAL_OPTIONS } from '../commands/shared-options.js'
import { openInput } from '../input/open-input.js'
import { textLines } from '../input/text-lines.js'
import { formatCount } from '../output/units.js'
import type { Context } from '../session/context.js'
import { runInSession, sessionCommands } from '../session/session-runner.js'
import { splitWords } from '../session/words.js'
import { describeError, isLibraryError } from '../util/describe-error.js'
import { Interrupted, InterruptGuard } from '../util/interrupt.js'
import { BrokenPipe, UsageError } from '../util/usage-error.js'
import { complete } from './complete.js'
import { HistoryFile } from './history-file.js'

const PROMPT = 'shardy> '
/** How often a long command looks whether Ctrl-C was pressed. */
const BREATHE_MS = 50

/** Reads lines and runs them on one session until the end of the input; on a pipe it is silent between results. */
export class Repl {
  readonly #context: Context
  readonly #commands: readonly CommandSpec[]
  readonly #history = new HistoryFile(process.env)
  #readline: Interface | undefined

  constructor(context: Context, commands: readonly CommandSpec[]) {
    this.#context = context
    this.#commands = commands
  }

  async run(): Promise<void> {
    const { stdin, stdout } = this.#context
    if (!stdin.isTerminal || !stdout.isTerminal) return this.#runLines()
    await this.#greet()
    const readline = createInterface({
      input: process.stdin,
      output: process.stdout,
      terminal: true,
      prompt: PROMPT,
      history: this.#history.load(),
      historySize: 1000,
      removeHistoryDuplicates: true,
      completer: callbackify((line: string) => this.#complete(line)),
    })
    this.#readline = readline
    readline.on('history', (lines: string[]) => this.#history.save(lines))
    // Ctrl-C at the prompt drops the line, as in a shell.
    readline.on('SIGINT', () => {
      process.stdout.write('^C\n')
      clearLine(readline)
      readline.prompt()
    })
    readline.prompt()
    try {
      for await (const line of readline) {
        if (!(await this.#take(line.trim(), true))) break
        readline.prompt()
      }
    } finally {
      readline.close()
      process.stdout.write('\n')
    }
  }

  /** Without a terminal: lines of stdin, each run as it comes. */
  async #runLines(): Promise<void> {
    for await (const line of textLines(openInput('-')))
      if (!(await this.#take(line.trim(), false))) break
    // A read that is still waited for would keep the process alive.
    process.stdin.destroy()
  }

  async #greet(): Promise<void> {
    const { session, printer, paint, flush } = this.#context
    const { runId, shards, sharding, keyEncoding, rowCount } = (await session.reader()).info()
    printer.line(
      `run ${paint('bold', runId)}: ${formatCount(rowCount)} rows, ${shards} shards (${sharding}), keys ${keyEncoding}`,
    )
    printer.line(paint('dim', "Tab completes, 'help' lists the commands, Ctrl-D ends."))
    flush()
  }

  /** False when the session is to end. */
  async #take(line: string, interactive: boolean): Promise<boolean> {
    if (line === '' || line.startsWith('#')) return true
    if (line === 'exit' || line === 'quit') return false
    const interrupts = interactive ? this.#listen() : undefined
    try {
      await this.#dispatch(splitWords(line), interrupts)
    } catch (error) {
      if (error instanceof BrokenPipe) throw error
      await this.#report(error)
    } finally {
      interrupts?.end()
      this.#context.flush()
    }
    return true
  }

  async #dispatch(words: readonly string[], interrupts: Listening | undefined): Promise<void> {
    const { session, printer, stdout } = this.#context
    const [name, ...args] = words
    if (name === 'use') {
      if (args.length !== 1) throw new UsageError('use: name one run, as in: use current~1')
      await session.use(args[0] === 'current' ? undefined : args[0])
      printer.line(`run ${(await session.reader()).info().runId}`)
    } else if (name === 'refresh') {
      const moved = await session.refresh()
      printer.line(
        moved ? `moved to run ${(await session.reader()).info().runId}` : 'nothing has changed',
      )
    } else {
      await runInSession(
        words,
        this.#commands,
        { ...this.#context, breathe: () => interrupts?.breathe() },
        {
          write: (data) => printer.write(data),
          writeErr: (text) => this.#context.tell(text),
          format: printer.format,
          columns: stdout.isTerminal ? (process.stdout.columns ?? 80) : undefined,
          isTerminal: stdout.isTerminal,
          paint: printer.paint,
        },
      )
    }
  }

  async #report(error: unknown): Promise<void> {
    const { flush, tell, verbose, paint } = this.#context
    flush()
    const stopped =
      error instanceof Interrupted || (isLibraryError(error) && error.code === 'SHARD_INTERRUPTED')
    tell(stopped ? paint('dim', 'stopped\n') : await describeError(error, verbose, paint))
  }

  #complete(line: string): Promise<[string[], string]> {
    return complete(line, {
      commands: sessionCommands(this.#commands),
      options: GLOBAL_OPTIONS.filter(({ flags }) =>
        /--(format|json|ndjson|csv|raw|keys|values)\b/.test(flags),
      ),
      runs: () => this.#runs(),
    })
  }

  async #runs(): Promise<string[]> {
    try {
      return (await this.#context.session.history(100)).map(({ runId }) => runId)
    } catch {
      // Completion is no place for errors.
      return []
    }
  }

  /** While a command runs the terminal makes Ctrl-C a signal again, which ends the command and not the session. */
  #listen(): Listening {
    this.#readline?.pause()
    process.stdin.setRawMode(false)
    const guard = new InterruptGuard()
    let breathedAt = performance.now()
    return {
      breathe: () => {
        if (performance.now() - breathedAt < BREATHE_MS) return undefined
        breathedAt = performance.now()
        return new Promise((resolve, reject) => {
          // A signal is delivered when the event loop turns.
          setImmediate(() =>
            guard.seen ? reject(new Interrupted('stopped by Ctrl-C')) : resolve(),
          )
        })
      },
      end: () => {
        guard[Symbol.dispose]()
        process.stdin.setRawMode(true)
        this.#readline?.resume()
      },
    }
  }
}

interface Listening {
  breathe(): Promise<void> | undefined
  end(): void
}

function clearLine(readline: Interface): void {
  readline.write(null, { ctrl: true, name: 'e' })
  readline.write(null, { ctrl: true, name: 'u' })
}
