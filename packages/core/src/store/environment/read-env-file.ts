import { readFileSync } from 'node:fs'

/** The text of an env file. */
export function readEnvFile(path: string): string {
  return readFileSync(path, 'utf8')
}
