import { channel, tracingChannel } from 'node:diagnostics_channel'
import type { DiagnosticsEvents, DiagnosticsTraces, TraceEnd } from '@shardyfusion/core'

/** An operation at its end. */
export type Ended<N extends keyof DiagnosticsTraces> = DiagnosticsTraces[N] & TraceEnd

/** Listeners of channels, which end together. */
export class Subscriptions {
  readonly #leave: (() => void)[] = []

  on<N extends keyof DiagnosticsEvents>(
    name: N,
    listener: (event: DiagnosticsEvents[N]) => void,
  ): void {
    const to = channel(`shardyfusion:${name}`)
    const hear = (event: unknown): void => listener(event as DiagnosticsEvents[N])
    to.subscribe(hear)
    this.#leave.push(() => to.unsubscribe(hear))
  }

  onStart<N extends keyof DiagnosticsTraces>(
    name: N,
    listener: (operation: DiagnosticsTraces[N]) => void,
  ): void {
    this.#trace(name, 'start', listener as (operation: never) => void)
  }

  onEnd<N extends keyof DiagnosticsTraces>(name: N, listener: (operation: Ended<N>) => void): void {
    this.#trace(name, 'asyncEnd', listener as (operation: never) => void)
  }

  /** Adds what else ends with the listeners. */
  add(leave: () => void): void {
    this.#leave.push(leave)
  }

  /** Removes the listeners; idempotent. */
  close(): void {
    for (const leave of this.#leave.splice(0)) leave()
  }

  #trace(
    name: keyof DiagnosticsTraces,
    when: 'start' | 'asyncEnd',
    listener: (operation: never) => void,
  ): void {
    const to = tracingChannel(`shardyfusion:${name}`)[when]
    const hear = (operation: unknown): void => listener(operation as never)
    to.subscribe(hear)
    this.#leave.push(() => to.unsubscribe(hear))
  }
}
