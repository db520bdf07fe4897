import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/**
 * Reads a file of the AWS configuration, by default `name` in `~/.aws`; `undefined` if it cannot be
 * read.
 */
export function readAwsFile(path: string | undefined, name: string): string | undefined {
  try {
    return readFileSync(path ?? join(process.env['HOME'] ?? homedir(), '.aws', name), 'utf8')
  } catch {
    return undefined
  }
}
