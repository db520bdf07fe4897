import { openObjectStore } from '@shardyfusion/core'

/** The store of a prefix, made in the worker. */
export const makeStore = ({ prefix }: { prefix: string }) => openObjectStore(prefix)
