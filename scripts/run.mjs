// The entry point of `npm test` and every `npm run …`. Each command does its set-up first, so that all of them work in a
// fresh clone. The commands are in lib/commands.mjs.
import { requireNode } from './lib/node-version.mjs'

requireNode()
// Imported after the check, so that an old Node prints the message above and not a syntax error.
const { runCommand } = await import('./lib/commands.mjs')
process.exitCode = await runCommand(process.argv.slice(2))
