import { readEnvFile } from '#node/store/environment/read-env-file'
import { invalidOption } from '../../errors/error-factories.js'
import { overlayVariables } from './storage-variables.js'

/** Environment variables, such as credentials, for the engine alone; `undefined` removes one. */
export type Environment = Readonly<Record<string, string | undefined>>

// The line breaks of Python's splitlines(), which wire-format §11.2 adopts.
const LINE_BREAK = /\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/

/**
 * Parses an env file: `KEY=value` lines, `#` comment lines, optional `export `, optional quotes around the value.
 *
 * No inline comments, escapes or interpolation. Source: wire-format §11.2.
 */
export function parseEnvFile(text: string): Record<string, string> {
  const env: Record<string, string> = {}
  for (const raw of text.split(LINE_BREAK)) {
    let line = raw.trim()
    if (line === '' || line.startsWith('#')) continue
    if (line.startsWith('export ')) line = line.slice('export '.length).trimStart()
    const at = line.indexOf('=')
    const key = line.slice(0, Math.max(0, at)).trim()
    if (key === '') continue
    env[key] = unquote(line.slice(at + 1).trim())
  }
  return env
}

function unquote(value: string): string {
  const quote = value[0]
  const quoted = value.length >= 2 && (quote === '"' || quote === "'") && value.endsWith(quote)
  return quoted ? value.slice(1, -1) : value
}

/**
 * Joins the `env` and `envFile` options into the environment of the engine; `env` wins, and its
 * identity, endpoint and region win as a whole.
 *
 * Errors: SHARD_INVALID_OPTION if the file cannot be read. (The reference only warns, and then
 * fails later on missing credentials.)
 */
export function resolveEnvironment(
  options: { env?: Environment | undefined; envFile?: string | undefined },
  where: string,
): Environment | undefined {
  if (options.envFile === undefined) return options.env
  if (/\n|^\s*(?:export\s+)?[A-Z_][A-Z0-9_]*=/.test(options.envFile)) {
    // The option holds the file's content instead of its name: neither message nor cause may repeat
    // it.
    throw invalidOption(
      where,
      'envFile must be the path of a file of KEY=value lines, got such lines; pass them as env',
    )
  }
  let text: string
  try {
    text = readEnvFile(options.envFile)
  } catch (cause) {
    throw invalidOption(
      where,
      `envFile must be a readable file of KEY=value lines, could not read ${JSON.stringify(options.envFile)}`,
      { cause },
    )
  }
  return overlayVariables(parseEnvFile(text), options.env ?? {})
}

let gate: Int32Array | undefined

/**
 * Returns the gate that threads with a shared process environment pass, one at a time, to set
 * variables.
 */
export function environmentGate(): SharedArrayBuffer {
  gate ??= new Int32Array(new SharedArrayBuffer(4))
  return gate.buffer as SharedArrayBuffer
}

/** Makes this thread use the gate of the thread that started it. */
export function adoptEnvironmentGate(shared: SharedArrayBuffer): void {
  gate = new Int32Array(shared)
}

/**
 * Runs `body` with the variables set in this process, then restores the previous values.
 *
 * `body` is synchronous, so no other code of this thread can see them: the engine reads credentials
 * while it resolves a URL and never again. Workers with their own copy of the environment cannot
 * set it; those that share it take turns.
 */
export function withEnvironment<T>(env: Environment | undefined, body: () => T): T {
  if (env === undefined) return body()
  const previous = new Map<string, string | undefined>()
  // Threads wait here for each other, for the time of one synchronous call.
  while (gate !== undefined && Atomics.compareExchange(gate, 0, 0, 1) === 1)
    Atomics.wait(gate, 0, 1)
  try {
    for (const [name, value] of Object.entries(env)) {
      previous.set(name, process.env[name])
      setVariable(name, value)
    }
    return body()
  } finally {
    for (const [name, value] of previous) setVariable(name, value)
    if (gate !== undefined) {
      Atomics.store(gate, 0, 0)
      Atomics.notify(gate, 0, 1)
    }
  }
}

function setVariable(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name]
  else process.env[name] = value
}
