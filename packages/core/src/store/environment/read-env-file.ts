import { readFileSync } from 'node:fs'

/** Reads the text of an env file. */
export function readEnvFile(path: string): string {
  return readFileSync(path, 'utf8')
}
