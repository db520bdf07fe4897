// The snippet of packages/core/README.md about events.
// #region observe
import { subscribe } from 'node:diagnostics_channel'
import type { DiagnosticsEvents } from '@shardyfusion/core'
// #endregion

export function observe(record: (name: string, value: number, label: string) => void): void {
  // #region observe
  subscribe('shardyfusion:refresh', (event) => {
    const { outcome, prefix, durationMs } = event as DiagnosticsEvents['refresh']
    record(`snapshot_refresh_${outcome}_ms`, durationMs, prefix)
  })
  // #endregion
}
