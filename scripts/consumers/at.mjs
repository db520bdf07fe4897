import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { runCommand } from './run-command.mjs'
import { serveFolder } from './serve-folder.mjs'
import { pathWith, toolPaths } from './tools.mjs'

const PROGRAMS = fileURLToPath(new URL('./programs', import.meta.url))

/** Where one cell works: a folder in the project that has the packed packages installed, and the pinned tools. */
export class At {
  /** @type {(() => void | Promise<void>)[]} */
  #closing = []

  /** @param {{ cell: string, tools: string, folder: string, app: string, tarballs: Readonly<Record<string, string>> }} given */
  constructor({ cell, tools, folder, app, tarballs }) {
    this.tools = toolPaths(tools)
    this.tarballs = tarballs
    this.app = app
    /** A folder without an installed package above it. */
    this.apart = join(folder, 'apart', cell)
    /** A folder of the shared project; the programs are in it. */
    this.folder = join(app, 'cells', cell)
    cpSync(PROGRAMS, this.folder, { recursive: true })
    this.prefix = pathToFileURL(join(this.folder, 'data')).href
  }

  /**
   * Writes files, paths relative to the folder of the cell.
   *
   * @param {Readonly<Record<string, string | object>>} files
   * @param {string} folder
   */
  write(files, folder = this.folder) {
    for (const [name, content] of Object.entries(files)) {
      const path = join(folder, name)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content, null, 2))
    }
  }

  /** @param {string} name */
  read(name) {
    return readFileSync(join(this.folder, name), 'utf8')
  }

  /**
   * Runs a program in the folder of the cell. Errors: CommandFailure, also if the output lacks `says`.
   *
   * @param {string} command
   * @param {readonly string[]} args
   * @param {Partial<Parameters<typeof runCommand>[2]> & { says?: string }} options
   */
  async run(command, args, { says, ...options } = {}) {
    const output = await runCommand(command, args, { cwd: this.folder, ...options })
    if (says !== undefined && !output.includes(says))
      throw new Error(`${command} ${args.join(' ')}: expected "${says}", got:\n${output}`)
    return output
  }

  /**
   * Runs a script with a Node of the matrix; `node` on PATH is the same for its children.
   *
   * @param {readonly string[]} args
   * @param {Parameters<At['run']>[2] & { line?: 20 | 22 | 24 | 26 }} options
   */
  node(args, { line = 24, env = {}, ...options } = {}) {
    const node = this.tools.node(line)
    return this.run(node, args, { ...options, env: { PATH: pathWith(node), ...env } })
  }

  /**
   * Runs a program that does the whole exercise, and ends.
   *
   * @param {readonly string[]} args
   * @param {Parameters<At['node']>[1]} options
   */
  exercise(args, options = {}) {
    return this.node([...args, this.prefix], { says: 'exercise: ok', ...options })
  }

  /**
   * Serves a folder until the cell ends; returns its URL.
   *
   * @param {string} folder
   */
  async serve(folder) {
    const { url, close } = await serveFolder(folder)
    this.onClose(close)
    return url
  }

  /** @param {() => void | Promise<void>} work */
  onClose(work) {
    this.#closing.push(work)
  }

  async close() {
    for (const work of this.#closing.reverse()) await work()
  }
}
