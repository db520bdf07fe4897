/**
 * The method of readers that looks up a key only in memory: null if it takes `get`. For packages
 * whose callers cannot wait, not for users.
 */
export const peekKey: unique symbol = Symbol('peekKey')
