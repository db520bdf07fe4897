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

// An engine that keeps the bound itself can say more about the cause than the guard can.
const GRACE_MS = 500

/**
 * Opens a shard for writing with an engine that may hang, ignore signals or be of the time before `seal()`.
 *
 * What opens too late, or cannot be used, is closed.
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

/** The same for reading. */
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

/** For what nobody waits for any more: whoever asked has been told why they do not get it. */
async function closeQuietly(opened: EngineReader | EngineWriter): Promise<void> {
  try {
    await opened.close()
  } catch {
    // See above.
  }
}
