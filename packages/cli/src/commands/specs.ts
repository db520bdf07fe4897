import type { CommandSpec } from './command.js'
import { BUILD_SPECS } from './specs/build.js'
import { INSPECT_SPECS } from './specs/inspect.js'
import { OPERATE_SPECS } from './specs/operate.js'
import { READ_SPECS } from './specs/read.js'
import { TASK_SPECS } from './specs/tasks.js'
import { TOOL_SPECS } from './specs/tools.js'
import { UPDATE_SPECS } from './specs/update.js'

/**
 * All commands, in the order of the help.
 *
 * A new command is a spec in `specs/` and a file in this folder that the spec loads.
 */
export const COMMANDS: readonly CommandSpec[] = [
  ...BUILD_SPECS,
  ...UPDATE_SPECS,
  ...TASK_SPECS,
  ...READ_SPECS,
  ...INSPECT_SPECS,
  ...OPERATE_SPECS,
  ...TOOL_SPECS,
]
