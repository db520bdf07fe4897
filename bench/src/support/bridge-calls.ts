import { packed } from '../../../packages/sync/dist/modules/protocol/call-table.js'

/** An empty host. */
export const nothingOpen = {
  close: async (): Promise<void> => {},
  decodeError: (error: unknown): unknown => error,
}

/** The cheapest possible call. */
export const bridgeCalls = { nothing: packed<typeof nothingOpen>()(() => undefined) }
