import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { capture, Stop } from './exec.mjs'
import { ROOT } from './paths.mjs'

/** Installs the S3 server for tests and returns the exit code. Without it, these tests are skipped. */
export function setupS3() {
  return setup('setup:s3', 'the S3 server of the tests', 'requirements-s3.txt', '.venv')
}

/**
 * Installs the cluster engines of the Python examples (1.2 GB). Without them, their tests are skipped.
 *
 * They need a separate virtualenv, because their dependencies conflict with those of the S3 server.
 */
export function setupEngines() {
  return setup('setup:engines', 'Spark, Ray and Dask', 'requirements-engines.txt', '.venv-engines')
}

/**
 * Installs Python packages into a virtualenv, if they are missing.
 *
 * @param {string} command for messages
 * @param {string} what
 * @param {string} requirements file in scripts/
 * @param {string} folder of the virtualenv
 */
function setup(command, what, requirements, folder) {
  const list = join(ROOT, 'scripts', requirements)
  const venv = join(ROOT, folder)
  const stamp = join(venv, '.installed-from')
  const wanted = readFileSync(list, 'utf8')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) {
    console.log(`${command}: ${folder} already contains ${what}`)
    return 0
  }
  console.log(`Installing ${what} into ${folder} (half a minute to two minutes) …`)
  if (pythonOf(venv) === undefined) must(command, findPython(command), ['-m', 'venv', venv])
  const python = pythonOf(venv) ?? 'python3'
  const quietly = ['--quiet', '--disable-pip-version-check']
  must(command, python, ['-m', 'pip', 'install', ...quietly, '--requirement', list])
  writeFileSync(stamp, wanted)
  return 0
}

/** The Python of a virtualenv, if it exists. The path differs on Windows. */
function pythonOf(/** @type {string} */ venv) {
  return [join(venv, 'bin/python'), join(venv, 'Scripts/python.exe')].find((file) =>
    existsSync(file),
  )
}

function findPython(/** @type {string} */ command) {
  const found = ['python3', 'python'].find((name) => {
    const probe = ['-c', 'import sys,venv;sys.exit(sys.version_info<(3,10))']
    return capture(name, probe).code === 0
  })
  if (found !== undefined) return found
  throw new Stop(`${command}: needs Python 3.10 or newer with venv (python3 or python on PATH)`)
}

/**
 * Runs a step that prints only if it fails.
 *
 * @param {string} name
 * @param {string} command
 * @param {readonly string[]} args
 */
function must(name, command, args) {
  const { code, stdout, stderr } = capture(command, args)
  if (code === 0) return
  process.stderr.write(stdout + stderr)
  throw new Stop(`${name}: \`${[command, ...args].join(' ')}\` failed, its output is above`)
}
