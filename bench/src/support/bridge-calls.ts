import { packed } from '../../../packages/sync/dist/protocol/call-table.js'

/** A host with nothing in it. */
export const nothingOpen = {
  close: async (): Promise<void> => {},
  decodeError: (error: unknown): unknown => error,
}

/** The cheapest call there can be. */
export const bridgeCalls = { nothing: packed<typeof nothingOpen>()(() => undefined) }
