/** Outside Node there are no subscribers. */
export function channel(_name: string): {
  readonly hasSubscribers: boolean
  publish(message: unknown): void
} {
  return { hasSubscribers: false, publish() {} }
}
