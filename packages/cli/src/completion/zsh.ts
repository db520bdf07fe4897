import type { CommandSpec } from '../commands/command.js'
import { type CompletedOption, completedCommands, completedGlobals } from './word-list.js'

/** The completion script for zsh, as a function file for $fpath. */
export function zshCompletion(specs: readonly CommandSpec[]): string {
  const commands = completedCommands(specs)
  const globals = completedGlobals()
  const described = commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`)
  const cases = commands.map(({ name, options, words, takesFiles }) => {
    const rest = takesFiles
      ? `'*:file:_files'`
      : words.length > 0
        ? `'*:word:(${words.join(' ')})'`
        : `'*: :'`
    const lines = [...options.flatMap(argumentSpecs), '$globals', rest]
    return `        ${name}) _arguments -s -S ${lines.join(' \\\n          ')} ;;`
  })
  return `#compdef shardy
# Completion of shardy for zsh; made by: shardy completion zsh
_shardy() {
  local -a commands globals
  local state line context
  commands=(
${described.join('\n')}
  )
  globals=(
${globals
  .flatMap(argumentSpecs)
  .map((spec) => `    ${spec}`)
  .join('\n')}
  )
  _arguments -C -S $globals '1:command:->command' '*::argument:->argument'
  case $state in
    command) _describe -t commands command commands ;;
    argument)
      case $words[1] in
${cases.join('\n')}
      esac
      ;;
  esac
}
_shardy "$@"
`
}

/** One spec of `_arguments` for each name of an option. */
function argumentSpecs({ names, about, value }: CompletedOption): string[] {
  const argument =
    value === 'none'
      ? ''
      : value === 'file'
        ? ':file:_files'
        : value === 'other'
          ? ':value: '
          : `:value:(${(value as readonly string[]).join(' ')})`
  const text = about.replace(/[[\]\\:]/g, '\\$&')
  return names.map((name) => quoted(`${name}[${text}]${argument}`))
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
