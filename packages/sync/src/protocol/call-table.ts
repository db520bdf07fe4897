/** The state of a running call. */
export interface CallContext {
  /** Aborts when the caller gives the call up. */
  readonly signal: AbortSignal
}

/** Arguments and result are cloned: any plain data. */
export interface ClonedCall<H, A extends readonly unknown[], R> {
  readonly form: 'cloned'
  readonly run: (host: H, context: CallContext, ...args: A) => R | Promise<R>
}

/** Request and reply are bytes and go through shared memory where they fit: for calls made often. */
export interface PackedCall<H> {
  readonly form: 'packed'
  readonly run: (
    host: H,
    request: Uint8Array,
    context: CallContext,
  ) => Uint8Array | undefined | Promise<Uint8Array | undefined>
}

/**
 * All calls of a bridge by name. Both threads load it: the worker to run them, the caller for the order of the
 * names, which makes the op codes, and for the types.
 */
export type CallTable<H> = Readonly<Record<string, AnyClonedCall<H> | PackedCall<H>>>

interface AnyClonedCall<H> {
  readonly form: 'cloned'
  readonly run: (host: H, context: CallContext, ...args: never[]) => unknown
}

export function cloned<H>() {
  return <A extends readonly unknown[], R>(
    run: (host: H, context: CallContext, ...args: A) => R | Promise<R>,
  ): ClonedCall<H, A, R> => ({ form: 'cloned', run })
}

export function packed<H>() {
  return (run: PackedCall<H>['run']): PackedCall<H> => ({ form: 'packed', run })
}

/** Names of the calls of one form. */
export type NamesOf<T, F extends 'cloned' | 'packed'> = {
  [N in keyof T & string]: T[N] extends { readonly form: F } ? N : never
}[keyof T & string]

export type ArgsOf<C> = C extends {
  run: (host: never, context: CallContext, ...args: infer A) => unknown
}
  ? A
  : never
export type ResultOf<C> = C extends { run: (...args: never[]) => infer R } ? Awaited<R> : never

/** The op code outside of the table: stop and release everything before the thread exits. */
export const QUIESCE_OP = 0
/** The op code of the first call of a table. */
export const FIRST_OP = 1
