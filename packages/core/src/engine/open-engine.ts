import { timeout } from '../errors/error-factories.js'
import { orTimeout } from '../async/abort.js'
import type {
  EngineReader,
  EngineReaderOptions,
  EngineWriter,
  EngineWriterOptions,
  ShardEngine,
} from './engine.js'
import { DEFAULT_OPEN_TIMEOUT_MS } from './open-timeout.js'
import { requireSeal } from './resolve-engine.js'

// An engine that enforces the bound itself can report a more precise cause than the guard.
const GRACE_MS = 500

/**
 * Opens a shard for writing. Guards against engines that hang, ignore the abort signal, or predate
 * `seal()`.
 *
 * Closes a writer that opens too late or cannot be used.
 */
export async function openEngineWriter(
  engine: ShardEngine,
  options: EngineWriterOptions,
  where: string,
): Promise<EngineWriter> {
  const writer = await guarded(engine, options, where, () => engine.openWriter(options))
  try {
    requireSeal(writer, engine, where)
  } catch (error) {
    void closeQuietly(writer)
    throw error
  }
  return writer
}

/** Opens a shard for reading, with the same guards. */
export function openEngineReader(
  engine: ShardEngine,
  options: EngineReaderOptions,
  where: string,
): Promise<EngineReader> {
  return guarded(engine, options, where, () => engine.openReader(options))
}

async function guarded<T extends EngineReader | EngineWriter>(
  engine: ShardEngine,
  o: EngineReaderOptions | EngineWriterOptions,
  where: string,
  open: () => Promise<T>,
): Promise<T> {
  o.signal?.throwIfAborted()
  const timeoutMs = o.openTimeoutMs ?? DEFAULT_OPEN_TIMEOUT_MS
  const expired = (): Error =>
    timeout(
      where,
      `engine "${engine.name}" did not open ${o.url} within ${timeoutMs} ms; check that its storage ` +
        `answers, or raise openTimeoutMs`,
      { details: { url: o.url, timeoutMs } },
    )
  const release = (late: T): void => void closeQuietly(late)
  return orTimeout(open(), { timeoutMs: timeoutMs + GRACE_MS, expired, signal: o.signal }, release)
}

/** Closes an abandoned reader or writer; its caller has already received an error. */
async function closeQuietly(opened: EngineReader | EngineWriter): Promise<void> {
  try {
    await opened.close()
  } catch {
    // See above.
  }
}
