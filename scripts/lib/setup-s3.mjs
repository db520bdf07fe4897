import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { capture, Stop } from './exec.mjs'
import { ROOT } from './paths.mjs'

const REQUIREMENTS = join(ROOT, 'scripts/requirements-s3.txt')
const VENV = join(ROOT, '.venv')
const STAMP = join(VENV, '.s3-installed-from')

/**
 * Installs the S3 server the tests run on into a virtualenv, unless it is there; gives the exit code.
 *
 * Without it those tests are skipped, so that the rest needs nothing but Node.
 */
export function setupS3() {
  const wanted = readFileSync(REQUIREMENTS, 'utf8')
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted) {
    console.log('setup:s3: .venv has the S3 server already')
    return 0
  }
  console.log('Installing the S3 server of the tests into .venv (about half a minute) …')
  if (pythonOf(VENV) === undefined) must(findPython(), ['-m', 'venv', VENV])
  must(pythonOf(VENV) ?? 'python3', [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
    '--requirement',
    REQUIREMENTS,
  ])
  writeFileSync(STAMP, wanted)
  return 0
}

/** The Python of a virtualenv, if there is one; Windows lays them out in its own way. */
function pythonOf(/** @type {string} */ venv) {
  return [join(venv, 'bin/python'), join(venv, 'Scripts/python.exe')].find((file) =>
    existsSync(file),
  )
}

function findPython() {
  const found = ['python3', 'python'].find((name) => {
    const probe = ['-c', 'import sys,venv;sys.exit(sys.version_info<(3,10))']
    return capture(name, probe).code === 0
  })
  if (found !== undefined) return found
  throw new Stop('setup:s3: needs Python 3.10 or newer with venv (python3 or python on PATH)')
}

/**
 * Runs a step that speaks only when it fails.
 *
 * @param {string} command
 * @param {readonly string[]} args
 */
function must(command, args) {
  const { code, stdout, stderr } = capture(command, args)
  if (code === 0) return
  process.stderr.write(stdout + stderr)
  throw new Stop(`setup:s3: \`${[command, ...args].join(' ')}\` failed, its output is above`)
}
