import { channel } from 'node:diagnostics_channel'
import type { TestContext } from 'node:test'
import type { DiagnosticsEvents } from '@shardyfusion/core'

/** What is published on a channel while the test runs. */
export function heard<N extends keyof DiagnosticsEvents>(
  t: TestContext,
  name: N,
): DiagnosticsEvents[N][] {
  const events: DiagnosticsEvents[N][] = []
  const listener = (event: unknown): void => void events.push(event as DiagnosticsEvents[N])
  channel(`shardyfusion:${name}`).subscribe(listener)
  t.after(() => channel(`shardyfusion:${name}`).unsubscribe(listener))
  return events
}
