import type { CommandSpec } from '../command.js'

const SHELLS = ['bash', 'zsh', 'fish'] as const

export const TOOL_SPECS: readonly CommandSpec[] = [
  {
    name: 'exec',
    group: 'tools',
    summary: 'run the commands of a YAML file on one open snapshot',
    about: `The file contains a list under "commands:". Each item is a command line, or a map with "op", the arguments ("key",
"keys" or "args") and options by name:

  on_error: stop            # or continue
  commands:
    - get 42
    - { op: multiget, keys: [1, 2, 3] }
    - { op: scan, start: 100, limit: 5 }

Each command prints its result when it finishes, one JSON object per line: the command, its exit code and its output.`,
    args: [{ name: 'script', about: 'the file; reads stdin if it is -' }],
    options: [
      {
        flags: '-o, --output <file>',
        about: 'write to a file, which is created only when it is complete',
      },
    ],
    examples: ['shardy exec checks.yaml -p ./snap'],
    finding: 'a command has a finding (3 if a command failed)',
    load: () => import('../exec.js'),
  },
  {
    name: 'repl',
    group: 'tools',
    summary: 'run commands interactively on one open snapshot',
    about: `Accepts the commands that look up and inspect, without "shardy" in front, and:

  use <run>   read another run: an id, a unique prefix of one, or current~1
  refresh     move to the current run
  help, exit

Tab completes commands, options and runs. The history is stored in ~/.local/state/shardy/history.`,
    load: () => import('../repl.js'),
  },
  {
    name: 'completion',
    group: 'tools',
    summary: 'print the completion script of a shell',
    offline: true,
    args: [{ name: 'shell', about: 'the shell', choices: SHELLS }],
    examples: [
      'shardy completion bash > ~/.local/share/bash-completion/completions/shardy',
      'shardy completion zsh > ~/.zfunc/_shardy',
      'shardy completion fish > ~/.config/fish/completions/shardy.fish',
    ],
    load: () => import('../completion.js'),
  },
  {
    name: 'config',
    group: 'tools',
    summary: 'show settings',
    subcommands: [
      {
        name: 'show',
        group: 'tools',
        summary: 'print the effective settings and the source of each; masks secrets',
        offline: true,
        load: () => import('../config-show.js'),
      },
    ],
  },
]
