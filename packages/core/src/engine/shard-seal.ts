/**
 * The objects of a sealed shard, so that a reader can distinguish a damaged shard from a smaller
 * one.
 *
 * Plain JSON data: it is sent between threads and stored in manifests. Paths are relative to the
 * URL of the shard.
 */
export interface ShardSeal {
  /** By path; empty if the engine does not report them. */
  readonly objects: Readonly<Record<string, SealedObject>>
  /** Folders with too many objects to name each of them; by path. */
  readonly folders?: Readonly<Record<string, SealedFolder>> | undefined
  /** Number of distinct keys, if known. */
  readonly keys?: number | undefined
}

/** An object of a sealed shard. */
export interface SealedObject {
  /** Size of the object. */
  readonly bytes: number
  /**
   * SHA-256 as 64 hexadecimal digits, for objects that are read whole when the shard is opened.
   *
   * If the object's name is a number (`manifest/00000000000000000004.manifest`), it was the last of
   * its folder: a later one shows that another tool has rewritten the shard.
   */
  readonly sha256?: string | undefined
}

/** A folder of a sealed shard with its number of objects. */
export interface SealedFolder {
  /** Number of objects. */
  readonly count: number
  /** Of all its objects together. */
  readonly bytes: number
  /**
   * Of one line for each object, in the order of their names: name, space, bytes in decimal, line
   * feed.
   */
  readonly sha256: string
}

/** Returns true if the seal names the objects of the shard. */
export function namesObjects({ objects, folders = {} }: ShardSeal): boolean {
  return Object.keys(objects).length > 0 || Object.keys(folders).length > 0
}
