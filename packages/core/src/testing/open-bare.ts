import type { EngineReader, EngineWriter } from '../engine/engine.js'
import { openEngineReader, openEngineWriter } from '../engine/open-engine.js'
import { resolveEngine } from '../engine/resolve-engine.js'
import { openStorage } from '../store/open-storage.js'
import { validatePrefix } from '../store/urls.js'
import type { EngineOptions } from '../engine/engine-options.js'
import { runAll } from '../async/close-once.js'

export interface BareEngineOptions extends EngineOptions {
  /** Root of the shard's database. */
  readonly url: string
}

/**
 * Opens the engine of one shard without any wrapper: chunks, stored bytes, no buffers.
 *
 * Errors: those of the engine; SHARD_NOT_FOUND if the shard does not exist.
 */
export function openBareReader(options: BareEngineOptions): Promise<EngineReader> {
  return openBare(options, 'openBareReader', openEngineReader)
}

/** The same for writing; call `seal()` before `close()`. */
export function openBareWriter(options: BareEngineOptions): Promise<EngineWriter> {
  return openBare(options, 'openBareWriter', openEngineWriter)
}

type Open<T> = (
  engine: Awaited<ReturnType<typeof resolveEngine>>,
  options: Parameters<typeof openEngineWriter>[1],
  where: string,
) => Promise<T>

async function openBare<T extends EngineReader | EngineWriter>(
  options: BareEngineOptions,
  where: string,
  open: Open<T>,
): Promise<T> {
  const url = validatePrefix(options.url, where, { option: 'url', reading: true })
  const { openTimeoutMs, signal } = options
  const engine = await resolveEngine(options.engine, where)
  const storage = await openStorage(url, options, where)
  try {
    const { objects } = storage
    const env = await storage.engineEnvironment(url)
    const opened = await open(engine, { url, objects, env, openTimeoutMs, signal }, where)
    const close = opened.close.bind(opened)
    opened.close = () => runAll([close, () => storage.close()], `${where}: close`)
    return opened
  } catch (error) {
    await storage.close()
    throw error
  }
}
