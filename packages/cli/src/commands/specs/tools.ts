import type { CommandSpec } from '../command.js'

const SHELLS = ['bash', 'zsh', 'fish'] as const

export const TOOL_SPECS: readonly CommandSpec[] = [
  {
    name: 'exec',
    group: 'tools',
    summary: 'run the commands of a YAML file on one open snapshot',
    about: `The file holds a list below "commands:". Each item is a line as it would be typed, or a map with "op", the
words it takes ("key", "keys" or "args") and its options by name:

  on_error: stop            # or continue
  commands:
    - get 42
    - { op: multiget, keys: [1, 2, 3] }
    - { op: scan, start: 100, limit: 5 }

Results are printed as they come, one JSON object per line: the command, its exit code and what it printed.`,
    args: [{ name: 'script', about: 'the file; - reads stdin' }],
    options: [
      { flags: '-o, --output <file>', about: 'write to a file, which appears when it is complete' },
    ],
    examples: ['shardy exec checks.yaml -p ./snap'],
    finding: 'a command gave a finding; with one that failed it is 3',
    load: () => import('../exec.js'),
  },
  {
    name: 'repl',
    group: 'tools',
    summary: 'ask one open snapshot again and again',
    about: `The commands that look up and inspect, without "shardy" in front, and:

  use <run>   read another run: its id, the beginning of it, or current~1
  refresh     move to what is current now
  help, exit

Tab completes commands, options and runs; the history is kept in ~/.local/state/shardy/history.`,
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
    summary: 'settings',
    subcommands: [
      {
        name: 'show',
        group: 'tools',
        summary:
          'print the settings that are in force and where each comes from; secrets are masked',
        offline: true,
        load: () => import('../config-show.js'),
      },
    ],
  },
]
