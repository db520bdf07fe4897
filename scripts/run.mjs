// The one entry behind `npm test` and every `npm run …`: each command does its own set-up first, so
// all of them work in a fresh clone. The commands are in lib/commands.mjs.
import { requireNode } from './lib/node-version.mjs'

requireNode()
// Imported only now: an old Node must meet the message above, not a syntax error in these files.
const { runCommand } = await import('./lib/commands.mjs')
process.exitCode = await runCommand(process.argv.slice(2))
