/* tslint:disable */
/* eslint-disable */

declare namespace bindings {
export class Reader {
    private constructor();
    free(): void;
    [Symbol.dispose](): void;
    /**
     * Whether `openTableUpdate` can read it: it consists of tables, and each key has one row.
     */
    canBeUpdated(): boolean;
    /**
     * Releases the tables and the cache. Running calls still end.
     */
    close(): any;
    /**
     * The values of a packed list of keys, as a packed list in the same order. Synchronous if all parts are cached.
     */
    getMany(keys: Uint8Array | number[]): any;
    /**
     * The error of a `peek` that returned FAILED.
     */
    peekError(key_bytes: number): void;
    /**
     * Looks up the keys at the beginning of the request, which have the same length. Returns FOUND, then the answer is
     * the packed list of values, or LACKING or FAILED.
     */
    peekKeys(count: number, key_bytes: number): number;
    /**
     * Looks up the keys of a packed list, which is the first bytes of the request. Returns FOUND, then the answer is
     * the packed list of values, or LACKING or FAILED.
     */
    peekMany(list_bytes: number): number;
    /**
     * Continues a `peek` that returned WANTED, for a block whose value only is needed: at `storedAddress` are its first
     * bytes, then as many of its last, and `checksum` is that of its content. Returns FOUND, then the answer is the place
     * of the value in the block, or LACKING: then `peekStored` reads the block.
     */
    peekPlace(key_bytes: number, end_bytes: number, checksum: number): number;
    /**
     * Continues a `peek` that returned WANTED: the bytes of the block are at `storedAddress`.
     */
    peekStored(key_bytes: number): number;
    /**
     * Looks up the key that is the first bytes of the request (`exchange`). Returns FOUND, then the answer is the
     * value, or another of the numbers above.
     */
    peek(key_bytes: number): number;
    /**
     * A scan of the keys from `start` (included) to `end` (excluded). The first chunk starts it.
     */
    scan(start: Uint8Array | number[] | null | undefined, end: Uint8Array | number[] | null | undefined, reverse: boolean, read_ahead_bytes: number, fetch_tasks: number, keeps_blocks: boolean): Scan;
    /**
     * The path of the object of a table, by the number in WANTED.
     */
    tablePath(table: number): string | undefined;
}

export class Scan {
    private constructor();
    free(): void;
    [Symbol.dispose](): void;
    /**
     * The next entries, packed: up to `max_entries`, and no further entry after `max_bytes`. Nothing at the end.
     */
    nextChunk(max_entries: number, max_bytes: number): any;
}

export class TableUpdate {
    private constructor();
    free(): void;
    [Symbol.dispose](): void;
    /**
     * Takes a packed chunk of changes in ascending order: the value of each begins with a byte, 1 if the rest is put, 0 if
     * the key is deleted. Without a chunk, no change follows.
     */
    add(chunk?: Uint8Array | number[] | null): void;
    /**
     * The first key of the new database, then the last one; nothing without rows.
     */
    bound(last: boolean): Uint8Array | undefined;
    /**
     * Counts so far: rows read, rows written, keys inserted, replaced by another value and deleted.
     */
    counts(): Float64Array;
    /**
     * Stores tables and manifest, and answers with the number of rows. Nothing follows.
     */
    seal(): any;
    /**
     * Merges some rows. True if it has merged all that it can before more changes are added.
     */
    step(): any;
}

export class TableWriter {
    private constructor();
    free(): void;
    [Symbol.dispose](): void;
    /**
     * Stores tables and manifest, and answers with the number of rows. Nothing follows.
     */
    seal(): any;
    /**
     * Takes a packed chunk. The answer is synchronous unless rows have to be stored first.
     */
    write(chunk: Uint8Array | number[]): any;
}

export class Writer {
    private constructor();
    free(): void;
    [Symbol.dispose](): void;
    close(): any;
    /**
     * Ends when all written rows are stored in tables.
     */
    flush(): any;
    /**
     * Writes a packed chunk as one batch. `flush`, or a full memtable, stores it.
     */
    write(chunk: Uint8Array | number[]): any;
}

/**
 * The checksum of bytes with this checksum, followed by that many stored bytes; 0 if there are fewer.
 */
export function addChecksum(checksum: number, bytes: number): number;

/**
 * The address of the words of `ANSWER`.
 */
export function answerAddress(): number;

/**
 * Budget, bytes in use, entries, hits, misses.
 */
export function cacheStats(): Float64Array;

/**
 * The memory of the engine. The name `memory` is taken by wasm-bindgen.
 */
export function engineMemory(): any;

/**
 * Stores the host's functions. This is the first call of an instance.
 */
export function install(host: any): void;

/**
 * Opens the database at the root of a store. A failing callback is repeated up to `max_retries` times. The ends of
 * tables are fetched together with the manifest if their size is at most `prefetch_bytes`. A value longer than
 * `max_value_bytes` is an error and is not unpacked.
 */
export function openReader(store: number, max_retries: number, prefetch_bytes: number, max_value_bytes: number): any;

/**
 * Begins a database at the root of `store`, made from that of `base`, which can be updated. `memory_bytes` are for tables on their way, `request_bytes` for one request of the base.
 */
export function openTableUpdate(store: number, settings_json: string, memory_bytes: number, request_bytes: number, base: Reader): TableUpdate;

/**
 * Begins a database at the root of `store`. Parts are stored in `parts`. Numbers are bytes.
 */
export function openTableWriter(store: number, parts: number, settings_json: string, memory_bytes: number, seal_memory_bytes: number): TableWriter;

/**
 * Creates or opens the database at the root of a store, and fences other writers.
 */
export function openWriter(store: number, settings_json: string, max_retries: number): any;

/**
 * The address of memory for a request of this many bytes. It is valid until a larger one is asked for.
 */
export function requestAddress(bytes: number): number;

/**
 * Sets the budget and drops entries above it.
 */
export function setCacheBudget(bytes: number): void;

export function settleBytes(call: number, bytes?: Uint8Array | null): void;

export function settleError(call: number, failure: number, message: string): void;

export function settleFlag(call: number, flag: boolean): void;

/**
 * A negative size means that the object does not exist.
 */
export function settleHead(call: number, size: number, modified_ms: number): void;

export function settleList(call: number, paths: string[], sizes: Float64Array | number[], modified_ms: Float64Array | number[]): void;

/**
 * The version of SlateDB in this module.
 */
export function slatedbVersion(): string;

/**
 * The address of memory for the stored bytes of one block. It is valid until a larger one is asked for.
 */
export function storedAddress(bytes: number): number;

export type InitInput = RequestInfo | URL | Response | BufferSource | WebAssembly.Module;

export interface InitOutput {
    readonly memory: WebAssembly.Memory;
    readonly __wbg_reader_free: (a: number, b: number) => void;
    readonly __wbg_scan_free: (a: number, b: number) => void;
    readonly __wbg_tableupdate_free: (a: number, b: number) => void;
    readonly __wbg_tablewriter_free: (a: number, b: number) => void;
    readonly __wbg_writer_free: (a: number, b: number) => void;
    readonly addChecksum: (a: number, b: number) => number;
    readonly answerAddress: () => number;
    readonly cacheStats: () => [number, number];
    readonly engineMemory: () => any;
    readonly install: (a: any) => void;
    readonly openReader: (a: number, b: number, c: number, d: number) => [number, number, number];
    readonly openTableUpdate: (a: number, b: number, c: number, d: number, e: number, f: number) => [number, number, number];
    readonly openTableWriter: (a: number, b: number, c: number, d: number, e: number, f: number) => [number, number, number];
    readonly openWriter: (a: number, b: number, c: number, d: number) => [number, number, number];
    readonly reader_canBeUpdated: (a: number) => number;
    readonly reader_close: (a: number) => [number, number, number];
    readonly reader_getMany: (a: number, b: number, c: number) => [number, number, number];
    readonly reader_peek: (a: number, b: number) => number;
    readonly reader_peekError: (a: number, b: number) => [number, number];
    readonly reader_peekKeys: (a: number, b: number, c: number) => number;
    readonly reader_peekMany: (a: number, b: number) => number;
    readonly reader_peekPlace: (a: number, b: number, c: number, d: number) => number;
    readonly reader_peekStored: (a: number, b: number) => number;
    readonly reader_scan: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number, i: number) => [number, number, number];
    readonly reader_tablePath: (a: number, b: number) => [number, number];
    readonly requestAddress: (a: number) => number;
    readonly scan_nextChunk: (a: number, b: number, c: number) => [number, number, number];
    readonly setCacheBudget: (a: number) => void;
    readonly settleBytes: (a: number, b: number) => void;
    readonly settleError: (a: number, b: number, c: number, d: number) => void;
    readonly settleFlag: (a: number, b: number) => void;
    readonly settleHead: (a: number, b: number, c: number) => void;
    readonly settleList: (a: number, b: number, c: number, d: number, e: number, f: number, g: number) => void;
    readonly slatedbVersion: () => [number, number];
    readonly storedAddress: (a: number) => number;
    readonly tableupdate_add: (a: number, b: number, c: number) => [number, number];
    readonly tableupdate_bound: (a: number, b: number) => [number, number, number, number];
    readonly tableupdate_counts: (a: number) => [number, number, number, number];
    readonly tableupdate_seal: (a: number) => [number, number, number];
    readonly tableupdate_step: (a: number) => [number, number, number];
    readonly tablewriter_seal: (a: number) => [number, number, number];
    readonly tablewriter_write: (a: number, b: number, c: number) => [number, number, number];
    readonly writer_close: (a: number) => [number, number, number];
    readonly writer_flush: (a: number) => [number, number, number];
    readonly writer_write: (a: number, b: number, c: number) => [number, number, number];
    readonly __wbindgen_malloc: (a: number, b: number) => number;
    readonly __wbindgen_realloc: (a: number, b: number, c: number, d: number) => number;
    readonly __wbindgen_free: (a: number, b: number, c: number) => void;
    readonly __wbindgen_exn_store: (a: number) => void;
    readonly __externref_table_alloc: () => number;
    readonly __wbindgen_externrefs: WebAssembly.Table;
    readonly __externref_table_dealloc: (a: number) => void;
    readonly __externref_drop_slice: (a: number, b: number) => void;
    readonly __wbindgen_start: () => void;
}

export type SyncInitInput = BufferSource | WebAssembly.Module;

/**
 * Instantiates the given `module`, which can either be bytes or
 * a precompiled `WebAssembly.Module`.
 *
 * @param {{ module: SyncInitInput }} module - Passing `SyncInitInput` directly is deprecated.
 *
 * @returns {InitOutput}
 */
export function initSync(module: { module: SyncInitInput } | SyncInitInput): InitOutput;
}

export type Bindings = typeof bindings;
export type Reader = bindings.Reader;
export type Scan = bindings.Scan;
export type Writer = bindings.Writer;
export type TableUpdate = bindings.TableUpdate;
export type TableWriter = bindings.TableWriter;
/** Bindings of a new instance. They are freed with it. */
export function createBindings(): Bindings;
