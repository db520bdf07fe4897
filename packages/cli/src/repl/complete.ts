import type { CommandSpec, OptionSpec } from '../commands/command.js'

/** Words that only the REPL understands. */
const REPL_WORDS = ['use', 'refresh', 'help', 'exit', 'quit'] as const

export interface CompleteOptions {
  readonly commands: readonly CommandSpec[]
  readonly options: readonly OptionSpec[]
  /** Loads the ids of published runs. Called only to complete a run id. */
  readonly runs: () => Promise<readonly string[]>
}

/** Completes the last word of a line. Returns the candidates and that word, as `readline` expects. */
export async function complete(
  line: string,
  { commands, options, runs }: CompleteOptions,
): Promise<[string[], string]> {
  const words = line
    .split(/\s/)
    .filter((word, i, all) => word !== '' || i === 0 || i === all.length - 1)
  const last = words.at(-1) ?? ''
  const [name = ''] = words
  if (words.length === 1) {
    const names = [...commands.map((command) => command.name), ...REPL_WORDS].toSorted()
    return [matching(names, last).map((word) => `${word} `), last]
  }
  if (name === 'use') return [matching(['current', ...(await runs())], last), last]
  if (name === 'help')
    return [
      matching(
        commands.map((command) => command.name),
        last,
      ),
      last,
    ]
  const spec = commands.find((command) => command.name === name)
  if (spec === undefined) return [[], last]
  const known = [...(spec.options ?? []), ...options]
  const before = known.find(({ flags }) => namesOf(flags).includes(words.at(-2) ?? ''))
  if (before?.choices !== undefined) return [matching(before.choices, last), last]
  if (!last.startsWith('-')) return [[], last]
  return [
    matching(
      known.flatMap(({ flags }) => longName(flags)),
      last,
    ).map((flag) => `${flag} `),
    last,
  ]
}

function matching(candidates: readonly string[], beginning: string): string[] {
  return [...new Set(candidates)].filter((candidate) => candidate.startsWith(beginning))
}

/** The names in flags: `-l` and `--limit` for `-l, --limit <n>`. */
export function namesOf(flags: string): string[] {
  return flags.split(/[ ,|]/).filter((word) => word.startsWith('-'))
}

/** The long names in flags: `--limit` for `-l, --limit <n>`. */
function longName(flags: string): string[] {
  return namesOf(flags).filter((word) => word.startsWith('--'))
}
