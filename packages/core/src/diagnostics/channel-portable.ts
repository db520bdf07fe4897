/** Outside Node there are no subscribers. */
export function channel(_name: string): {
  readonly hasSubscribers: boolean
  publish(message: unknown): void
} {
  return { hasSubscribers: false, publish() {} }
}

interface NoTrace {
  readonly hasSubscribers: boolean
  publish(message: unknown): void
  runStores<T>(message: unknown, work: () => T): T
}

export function tracingChannel(_name: string): {
  readonly hasSubscribers: boolean
  readonly start: NoTrace
  readonly end: NoTrace
  readonly asyncStart: NoTrace
  readonly asyncEnd: NoTrace
  readonly error: NoTrace
} {
  const none: NoTrace = {
    hasSubscribers: false,
    publish() {},
    runStores: (_message, work) => work(),
  }
  return {
    hasSubscribers: false,
    start: none,
    end: none,
    asyncStart: none,
    asyncEnd: none,
    error: none,
  }
}

export function currentContext(): <T>(work: () => T) => T {
  return (work) => work()
}
