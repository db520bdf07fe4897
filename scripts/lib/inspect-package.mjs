import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { filesBelow, ROOT } from './paths.mjs'

const REQUIRED = ['package.json', 'README.md', 'LICENSE']

const UNWANTED = [
  { name: /\.(test|bench)\.[^/]+$/, reason: 'a test or benchmark' },
  { name: /(^|\/)(test|dist-test)\//, reason: 'a test folder' },
  {
    name: /(^|\/)tsconfig[^/]*\.json$/,
    reason: 'a compiler configuration that references files outside the package',
  },
  { name: /\.tsbuildinfo$|(^|\/)\.bundled$/, reason: 'state of the build' },
  { name: /^dist\/(internals\.js|modules\/.*\.js$)/, reason: 'a file for tests' },
]

/**
 * Lists unwanted and missing files of an unpacked package, one per line.
 *
 * The packages ship maps but not their `src`, which is as large as the code: a stack trace names the line of the source.
 * A map must not name files outside of the package, which are on the machine that packed it.
 *
 * @param {string} dir the package as a user has it, below `node_modules`
 * @param {readonly string[]} machinePaths folders of this machine no file may mention
 */
export function inspectPackage(dir, machinePaths = [ROOT, homedir()]) {
  const problems = REQUIRED.filter((name) => !existsSync(join(dir, name))).map(
    (name) => `${name} is missing`,
  )
  for (const path of filesBelow(dir)) {
    const name = relative(dir, path).split(sep).join('/')
    for (const unwanted of UNWANTED) {
      if (unwanted.name.test(name)) problems.push(`${name}: ${unwanted.reason}`)
    }
    const text = readFileSync(path, 'latin1')
    for (const folder of machinePaths) {
      // Include the separator, because "/root" alone may be a word in an example.
      if (text.includes(folder + sep)) problems.push(`${name}: mentions ${folder}`)
    }
    if (name.endsWith('.map')) problems.push(...mapProblems(dir, path).map((p) => `${name}: ${p}`))
  }
  return problems
}

/**
 * @param {string} dir
 * @param {string} path
 */
function mapProblems(dir, path) {
  /** @type {{ sources: string[], sourceRoot?: string }} */
  const { sources, sourceRoot = '' } = JSON.parse(readFileSync(path, 'utf8'))
  return sources.flatMap((source) => {
    const target = resolve(dirname(path), sourceRoot, source)
    return target.startsWith(dir + sep) ? [] : [`source ${source} is outside of the package`]
  })
}
