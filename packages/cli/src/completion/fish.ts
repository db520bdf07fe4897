import type { CommandSpec } from '../commands/command.js'
import { type CompletedOption, completedCommands, completedGlobals } from './word-list.js'

/** The completion script for fish 3 and later. */
export function fishCompletion(specs: readonly CommandSpec[]): string {
  const commands = completedCommands(specs)
  const names = commands.map(({ name }) => name).join(' ')
  const lines = commands.flatMap(({ name, summary, options, words, takesFiles }) => {
    const here = `complete -c shardy -n '__fish_seen_subcommand_from ${name}'`
    const own = options.map((option) => `${here} ${spec(option)}`)
    if (!takesFiles) own.push(`${here} -f`)
    if (words.length > 0) own.push(`${here} -f -a '${words.join(' ')}'`)
    own.push(`complete -c shardy -n __fish_use_subcommand -f -a ${name} -d ${quoted(summary)}`)
    return own
  })
  const globals = completedGlobals().map((option) => `complete -c shardy ${spec(option)}`)
  return `# Completion of shardy for fish; made by: shardy completion fish
# Commands: ${names}
${[...globals, ...lines].join('\n')}
`
}

function spec({ names, about, value }: CompletedOption): string {
  const flags = names.map((name) =>
    name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`,
  )
  const argument =
    value === 'none'
      ? ''
      : value === 'file'
        ? ' -r -F'
        : value === 'other'
          ? ' -x'
          : ` -x -a ${quoted((value as readonly string[]).join(' '))}`
  return `${flags.join(' ')}${argument} -d ${quoted(about)}`
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
