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
import { describeError, isInterruption } from '../util/describe-error.js'
import { Interrupted, InterruptGuard } from '../util/interrupt.js'
import { BrokenPipe, UsageError } from '../util/usage-error.js'
import { complete } from './complete.js'
import { HistoryFile } from './history-file.js'

const PROMPT = 'shardy> '
/** How often a long command checks for Ctrl-C. */
const INTERRUPT_CHECK_MS = 50

/** Reads lines and runs them in one session until the end of the input. Prints no prompt if stdin is a pipe. */
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
    // Ctrl-C at the prompt discards the line, as in a shell.
    readline.on('SIGINT', () => {
      process.stdout.write('^C\n')
      clearLine(readline)
      readline.prompt()
    })
    readline.prompt()
    try {
      for await (const line of readline) {
        if (!(await this.#runLine(line.trim(), true))) break
        readline.prompt()
      }
    } finally {
      readline.close()
      process.stdout.write('\n')
    }
  }

  /** Runs the lines of stdin as they arrive, without a terminal. */
  async #runLines(): Promise<void> {
    for await (const line of textLines(openInput('-')))
      if (!(await this.#runLine(line.trim(), false))) break
    // A pending read would keep the process alive.
    process.stdin.destroy()
  }

  async #greet(): Promise<void> {
    const { session, printer, paint, flush } = this.#context
    const { runId, shards, sharding, keyEncoding, rowCount } = (await session.reader()).info()
    printer.line(
      `run ${paint('bold', runId)}: ${formatCount(rowCount)} rows, ${shards} shards (${sharding}), keys ${keyEncoding}`,
    )
    printer.line(paint('dim', "Tab completes, 'help' lists the commands, Ctrl-D exits."))
    flush()
  }

  /** Runs one line. Returns false if the session must end. */
  async #runLine(line: string, interactive: boolean): Promise<boolean> {
    if (line === '' || line.startsWith('#')) return true
    if (line === 'exit' || line === 'quit') return false
    const interrupts = interactive ? this.#catchInterrupts() : undefined
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

  async #dispatch(words: readonly string[], interrupts: InterruptCheck | undefined): Promise<void> {
    const { session, printer, stdout } = this.#context
    const [name, ...args] = words
    if (name === 'use') {
      if (args.length !== 1)
        throw new UsageError(
          `use: expected one run, got ${args.length}; for example: use current~1`,
        )
      await session.use(args[0] === 'current' ? undefined : args[0])
      printer.line(`run ${(await session.reader()).info().runId}`)
    } else if (name === 'refresh') {
      const moved = await session.refresh()
      printer.line(
        moved ? `moved to run ${(await session.reader()).info().runId}` : 'no newer snapshot',
      )
    } else {
      await runInSession(
        words,
        this.#commands,
        { ...this.#context, checkInterrupt: () => interrupts?.checkInterrupt() },
        {
          write: (data) => printer.write(data),
          writeErr: (text) => this.#context.writeErr(text),
          format: printer.format,
          columns: stdout.isTerminal ? (process.stdout.columns ?? 80) : undefined,
          isTerminal: stdout.isTerminal,
          paint: printer.paint,
        },
      )
    }
  }

  async #report(error: unknown): Promise<void> {
    const { flush, writeErr, verbose, paint } = this.#context
    flush()
    const stopped = error instanceof Interrupted || isInterruption(error)
    writeErr(stopped ? paint('dim', 'stopped\n') : await describeError(error, verbose, paint))
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
      // Completion must not print errors.
      return []
    }
  }

  /** Makes Ctrl-C a signal while a command runs, so that it stops the command and not the session. */
  #catchInterrupts(): InterruptCheck {
    this.#readline?.pause()
    process.stdin.setRawMode(false)
    const guard = new InterruptGuard()
    let checkedAt = performance.now()
    return {
      checkInterrupt: () => {
        if (performance.now() - checkedAt < INTERRUPT_CHECK_MS) return undefined
        checkedAt = performance.now()
        return new Promise((resolve, reject) => {
          // Signals are delivered by the event loop.
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

interface InterruptCheck {
  checkInterrupt(): Promise<void> | undefined
  end(): void
}

function clearLine(readline: Interface): void {
  readline.write(null, { ctrl: true, name: 'e' })
  readline.write(null, { ctrl: true, name: 'u' })
}
