import type { CommandSpec } from '../commands/command.js'
import { type CompletedOption, completedCommands, completedGlobals } from './word-list.js'

/** The completion script for bash 3.2 and later; needs nothing of bash-completion. */
export function bashCompletion(specs: readonly CommandSpec[]): string {
  const commands = completedCommands(specs)
  const globals = completedGlobals()
  const cases = commands.map(({ name, options, words, takesFiles }) => {
    const own = [...options, ...globals]
    return `    ${name})
      case "$previous" in
${valueCases(own)}
      esac
      options='${own.flatMap(({ names }) => names).join(' ')}'
      words='${words.join(' ')}'
      files=${takesFiles ? 1 : 0}
      ;;`
  })
  return `# Completion of shardy for bash; made by: shardy completion bash
_shardy() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous= command= options= words= files=0 i
  # A word such as --s3=name is several for bash; only the parts between blanks count here.
  ((COMP_CWORD > 0)) && previous=\${COMP_WORDS[COMP_CWORD - 1]}
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${COMP_WORDS[i]}" in
      ${commands.map(({ name }) => name).join(' | ')})
        command=\${COMP_WORDS[i]}
        break
        ;;
    esac
  done
  case "$command" in
    '')
      case "$previous" in
${valueCases(globals)}
      esac
      options='${globals.flatMap(({ names }) => names).join(' ')} --version'
      words='${commands.map(({ name }) => name).join(' ')} help'
      ;;
${cases.join('\n')}
  esac
  case "$current" in
    -*) COMPREPLY=($(compgen -W "$options" -- "$current")) ;;
    *)
      COMPREPLY=($(compgen -W "$words" -- "$current"))
      ((files)) && COMPREPLY+=($(compgen -f -- "$current"))
      ;;
  esac
}
complete -o filenames -F _shardy shardy
`
}

/** What may follow an option that takes a value. */
function valueCases(options: readonly CompletedOption[]): string {
  const lines = options
    .filter(({ value }) => value !== 'none')
    .map(({ names, value }) => {
      const generate =
        value === 'file'
          ? 'COMPREPLY=($(compgen -f -- "$current"))'
          : value === 'other'
            ? ':'
            : `COMPREPLY=($(compgen -W '${(value as readonly string[]).join(' ')}' -- "$current"))`
      return `        ${names.join(' | ')}) ${generate}; return ;;`
    })
  return lines.join('\n')
}
