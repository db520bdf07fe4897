import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { capture, Stop } from './exec.mjs'
import { ROOT } from './paths.mjs'

const VERSION = 'v1.8.0'
const FOLDER = join(ROOT, '.tools')

/**
 * Installs versitygw, a second S3 server for tests, with Go, and returns the exit code. Without it, these tests are
 * skipped. It takes about 90 seconds on two free cores, and nothing if this version is there.
 */
export function setupVersitygw() {
  const program = join(FOLDER, 'versitygw')
  const stamp = join(FOLDER, '.versitygw-version')
  if (existsSync(program) && existsSync(stamp) && readFileSync(stamp, 'utf8') === VERSION) {
    console.log(`setup:versitygw: .tools already contains versitygw ${VERSION}`)
    return 0
  }
  if (capture('go', ['version']).code !== 0) {
    throw new Stop('setup:versitygw: needs Go; install it and put its folder on PATH')
  }
  console.log(`Installing versitygw ${VERSION} into .tools (one to two minutes) …`)
  mkdirSync(FOLDER, { recursive: true })
  const module = `github.com/versity/versitygw/cmd/versitygw@${VERSION}`
  const env = { GOBIN: FOLDER, CGO_ENABLED: '0' }
  const { code, stderr } = capture('go', ['install', '-ldflags=-s -w', module], { env })
  if (code !== 0) throw new Stop(`setup:versitygw: go install failed:\n${stderr.trim()}`)
  writeFileSync(stamp, VERSION)
  return 0
}
