/* @ts-self-types="./slatedb.d.ts" */
/** Bindings of a new instance. They are freed with it. */
export function createBindings() {
class Reader {
    static __wrap(ptr) {
        const obj = Object.create(Reader.prototype);
        obj.__wbg_ptr = ptr;
        ReaderFinalization.register(obj, obj.__wbg_ptr, obj);
        return obj;
    }
    __destroy_into_raw() {
        const ptr = this.__wbg_ptr;
        this.__wbg_ptr = 0;
        ReaderFinalization.unregister(this);
        return ptr;
    }
    free() {
        const ptr = this.__destroy_into_raw();
        wasm.__wbg_reader_free(ptr, 0);
    }
    /**
     * Whether `openTableUpdate` can read it: it consists of tables, and each key has one row.
     * @returns {boolean}
     */
    canBeUpdated() {
        const ret = wasm.reader_canBeUpdated(this.__wbg_ptr);
        return ret !== 0;
    }
    /**
     * Releases the tables and the cache. Running calls still end.
     * @returns {any}
     */
    close() {
        const ret = wasm.reader_close(this.__wbg_ptr);
        if (ret[2]) {
            throw takeFromExternrefTable0(ret[1]);
        }
        return takeFromExternrefTable0(ret[0]);
    }
    /**
     * The values of a packed list of keys, as a packed list in the same order. Synchronous if all parts are cached.
     * @param {Uint8Array | number[]} keys
     * @returns {any}
     */
    getMany(keys) {
        const ptr0 = passArray8ToWasm0(keys, wasm.__wbindgen_malloc);
        const len0 = WASM_VECTOR_LEN;
        const ret = wasm.reader_getMany(this.__wbg_ptr, ptr0, len0);
        if (ret[2]) {
            throw takeFromExternrefTable0(ret[1]);
        }
        return takeFromExternrefTable0(ret[0]);
    }
    /**
     * The error of a `peek` that returned FAILED.
     * @param {number} key_bytes
     */
    peekError(key_bytes) {
        const ret = wasm.reader_peekError(this.__wbg_ptr, key_bytes);
        if (ret[1]) {
            throw takeFromExternrefTable0(ret[0]);
        }
    }
    /**
     * Looks up the keys at the beginning of the request, which have the same length. Returns FOUND, then the answer is
     * the packed list of values, or LACKING or FAILED.
     * @param {number} count
     * @param {number} key_bytes
     * @returns {number}
     */
    peekKeys(count, key_bytes) {
        const ret = wasm.reader_peekKeys(this.__wbg_ptr, count, key_bytes);
        return ret;
    }
    /**
     * Looks up the keys of a packed list, which is the first bytes of the request. Returns FOUND, then the answer is
     * the packed list of values, or LACKING or FAILED.
     * @param {number} list_bytes
     * @returns {number}
     */
    peekMany(list_bytes) {
        const ret = wasm.reader_peekMany(this.__wbg_ptr, list_bytes);
        return ret;
    }
    /**
     * Continues a `peek` that returned WANTED, for a block whose value only is needed: at `storedAddress` are its first
     * bytes, then as many of its last, and `checksum` is that of its content. Returns FOUND, then the answer is the place
     * of the value in the block, or LACKING: then `peekStored` reads the block.
     * @param {number} key_bytes
     * @param {number} end_bytes
     * @param {number} checksum
     * @returns {number}
     */
    peekPlace(key_bytes, end_bytes, checksum) {
        const ret = wasm.reader_peekPlace(this.__wbg_ptr, key_bytes, end_bytes, checksum);
        return ret;
    }
    /**
     * Continues a `peek` that returned WANTED: the bytes of the block are at `storedAddress`.
     * @param {number} key_bytes
     * @returns {number}
     */
    peekStored(key_bytes) {
        const ret = wasm.reader_peekStored(this.__wbg_ptr, key_bytes);
        return ret;
    }
    /**
     * Looks up the key that is the first bytes of the request (`exchange`). Returns FOUND, then the answer is the
     * value, or another of the numbers above.
     * @param {number} key_bytes
     * @returns {number}
     */
    peek(key_bytes) {
        const ret = wasm.reader_peek(this.__wbg_ptr, key_bytes);
        return ret;
    }
    /**
     * A scan of the keys from `start` (included) to `end` (excluded). The first chunk starts it.
     * @param {Uint8Array | number[] | null | undefined} start
     * @param {Uint8Array | number[] | null | undefined} end
     * @param {boolean} reverse
     * @param {number} read_ahead_bytes
     * @param {number} fetch_tasks
     * @param {boolean} keeps_blocks
     * @returns {Scan}
     */
    scan(start, end, reverse, read_ahead_bytes, fetch_tasks, keeps_blocks) {
        const val3 = +reverse;
        const val4 = +read_ahead_bytes;
        const val5 = +fetch_tasks;
        const val6 = +keeps_blocks;
        let ptr0, len0, ptr1, len1;
        try {
            ptr0 = isLikeNone(start) ? 0 : passArray8ToWasm0(start, wasm.__wbindgen_malloc);
            len0 = WASM_VECTOR_LEN;
            ptr1 = isLikeNone(end) ? 0 : passArray8ToWasm0(end, wasm.__wbindgen_malloc);
            len1 = WASM_VECTOR_LEN;
        } catch (e) {
            if (ptr1) { wasm.__wbindgen_free(ptr1, len1 * 1, 1); }
            if (ptr0) { wasm.__wbindgen_free(ptr0, len0 * 1, 1); }
            throw e;
        }
        const ret = wasm.reader_scan(this.__wbg_ptr, ptr0, len0, ptr1, len1, val3, val4, val5, val6);
        if (ret[2]) {
            throw takeFromExternrefTable0(ret[1]);
        }
        return Scan.__wrap(ret[0]);
    }
    /**
     * The path of the object of a table, by the number in WANTED.
     * @param {number} table
     * @returns {string | undefined}
     */
    tablePath(table) {
        const ret = wasm.reader_tablePath(this.__wbg_ptr, table);
        let v1;
        if (ret[0] !== 0) {
            v1 = getStringFromWasm0(ret[0], ret[1]);
            wasm.__wbindgen_free(ret[0], ret[1] * 1, 1);
        }
        return v1;
    }
}
if (Symbol.dispose) Reader.prototype[Symbol.dispose] = Reader.prototype.free;

class Scan {
    static __wrap(ptr) {
        const obj = Object.create(Scan.prototype);
        obj.__wbg_ptr = ptr;
        ScanFinalization.register(obj, obj.__wbg_ptr, obj);
        return obj;
    }
    __destroy_into_raw() {
        const ptr = this.__wbg_ptr;
        this.__wbg_ptr = 0;
        ScanFinalization.unregister(this);
        return ptr;
    }
    free() {
        const ptr = this.__destroy_into_raw();
        wasm.__wbg_scan_free(ptr, 0);
    }
    /**
     * The next entries, packed: up to `max_entries`, and no further entry after `max_bytes`. Nothing at the end.
     * @param {number} max_entries
     * @param {number} max_bytes
     * @returns {any}
     */
    nextChunk(max_entries, max_bytes) {
        const ret = wasm.scan_nextChunk(this.__wbg_ptr, max_entries, max_bytes);
        if (ret[2]) {
            throw takeFromExternrefTable0(ret[1]);
        }
        return takeFromExternrefTable0(ret[0]);
    }
}
if (Symbol.dispose) Scan.prototype[Symbol.dispose] = Scan.prototype.free;

class TableUpdate {
    static __wrap(ptr) {
        const obj = Object.create(TableUpdate.prototype);
        obj.__wbg_ptr = ptr;
        TableUpdateFinalization.register(obj, obj.__wbg_ptr, obj);
        return obj;
    }
    __destroy_into_raw() {
        const ptr = this.__wbg_ptr;
        this.__wbg_ptr = 0;
        TableUpdateFinalization.unregister(this);
        return ptr;
    }
    free() {
        const ptr = this.__destroy_into_raw();
        wasm.__wbg_tableupdate_free(ptr, 0);
    }
    /**
     * Takes a packed chunk of changes in ascending order: the value of each begins with a byte, 1 if the rest is put, 0 if
     * the key is deleted. Without a chunk, no change follows.
     * @param {Uint8Array | number[] | null} [chunk]
     */
    add(chunk) {
        var ptr0 = isLikeNone(chunk) ? 0 : passArray8ToWasm0(chunk, wasm.__wbindgen_malloc);
        var len0 = WASM_VECTOR_LEN;
        const ret = wasm.tableupdate_add(this.__wbg_ptr, ptr0, len0);
        if (ret[1]) {
            throw takeFromExternrefTable0(ret[0]);
        }
    }
    /**
     * The first key of the new database, then the last one; nothing without rows.
     * @param {boolean} last
     * @returns {Uint8Array | undefined}
     */
    bound(last) {
        const ret = wasm.tableupdate_bound(this.__wbg_ptr, last);
        if (ret[3]) {
            throw takeFromExternrefTable0(ret[2]);
        }
        let v1;
        if (ret[0] !== 0) {
            v1 = getArrayU8FromWasm0(ret[0], ret[1]).slice();
            wasm.__wbindgen_free(ret[0], ret[1] * 1, 1);
        }
        return v1;
    }
    /**
     * Counts so far: rows read, rows written, keys inserted, replaced by another value and deleted.
     * @returns {Float64Array}
     */
    counts() {
        const ret = wasm.tableupdate_counts(this.__wbg_ptr);
        if (ret[3]) {
            throw takeFromExternrefTable0(ret[2]);
        }
        var v1 = getArrayF64FromWasm0(ret[0], ret[1]).slice();
        wasm.__wbindgen_free(ret[0], ret[1] * 8, 8);
        return v1;
    }
    /**
     * Stores tables and manifest, and answers with the number of rows. Nothing follows.
     * @returns {any}
     */
    seal() {
        const ret = wasm.tableupdate_seal(this.__wbg_ptr);
        if (ret[2]) {
            throw takeFromExternrefTable0(ret[1]);
        }
        return takeFromExternrefTable0(ret[0]);
    }
    /**
     * Merges some rows. True if it has merged all that it can before more changes are added.
     * @returns {any}
     */
    step() {
        const ret = wasm.tableupdate_step(this.__wbg_ptr);
        if (ret[2]) {
            throw takeFromExternrefTable0(ret[1]);
        }
        return takeFromExternrefTable0(ret[0]);
    }
}
if (Symbol.dispose) TableUpdate.prototype[Symbol.dispose] = TableUpdate.prototype.free;

class TableWriter {
    static __wrap(ptr) {
        const obj = Object.create(TableWriter.prototype);
        obj.__wbg_ptr = ptr;
        TableWriterFinalization.register(obj, obj.__wbg_ptr, obj);
        return obj;
    }
    __destroy_into_raw() {
        const ptr = this.__wbg_ptr;
        this.__wbg_ptr = 0;
        TableWriterFinalization.unregister(this);
        return ptr;
    }
    free() {
        const ptr = this.__destroy_into_raw();
        wasm.__wbg_tablewriter_free(ptr, 0);
    }
    /**
     * Stores tables and manifest, and answers with the number of rows. Nothing follows.
     * @returns {any}
     */
    seal() {
        const ret = wasm.tablewriter_seal(this.__wbg_ptr);
        if (ret[2]) {
            throw takeFromExternrefTable0(ret[1]);
        }
        return takeFromExternrefTable0(ret[0]);
    }
    /**
     * Takes a packed chunk. The answer is synchronous unless rows have to be stored first.
     * @param {Uint8Array | number[]} chunk
     * @returns {any}
     */
    write(chunk) {
        const ptr0 = passArray8ToWasm0(chunk, wasm.__wbindgen_malloc);
        const len0 = WASM_VECTOR_LEN;
        const ret = wasm.tablewriter_write(this.__wbg_ptr, ptr0, len0);
        if (ret[2]) {
            throw takeFromExternrefTable0(ret[1]);
        }
        return takeFromExternrefTable0(ret[0]);
    }
}
if (Symbol.dispose) TableWriter.prototype[Symbol.dispose] = TableWriter.prototype.free;

class Writer {
    static __wrap(ptr) {
        const obj = Object.create(Writer.prototype);
        obj.__wbg_ptr = ptr;
        WriterFinalization.register(obj, obj.__wbg_ptr, obj);
        return obj;
    }
    __destroy_into_raw() {
        const ptr = this.__wbg_ptr;
        this.__wbg_ptr = 0;
        WriterFinalization.unregister(this);
        return ptr;
    }
    free() {
        const ptr = this.__destroy_into_raw();
        wasm.__wbg_writer_free(ptr, 0);
    }
    /**
     * @returns {any}
     */
    close() {
        const ret = wasm.writer_close(this.__wbg_ptr);
        if (ret[2]) {
            throw takeFromExternrefTable0(ret[1]);
        }
        return takeFromExternrefTable0(ret[0]);
    }
    /**
     * Ends when all written rows are stored in tables.
     * @returns {any}
     */
    flush() {
        const ret = wasm.writer_flush(this.__wbg_ptr);
        if (ret[2]) {
            throw takeFromExternrefTable0(ret[1]);
        }
        return takeFromExternrefTable0(ret[0]);
    }
    /**
     * Writes a packed chunk as one batch. `flush`, or a full memtable, stores it.
     * @param {Uint8Array | number[]} chunk
     * @returns {any}
     */
    write(chunk) {
        const ptr0 = passArray8ToWasm0(chunk, wasm.__wbindgen_malloc);
        const len0 = WASM_VECTOR_LEN;
        const ret = wasm.writer_write(this.__wbg_ptr, ptr0, len0);
        if (ret[2]) {
            throw takeFromExternrefTable0(ret[1]);
        }
        return takeFromExternrefTable0(ret[0]);
    }
}
if (Symbol.dispose) Writer.prototype[Symbol.dispose] = Writer.prototype.free;

/**
 * The checksum of bytes with this checksum, followed by that many stored bytes; 0 if there are fewer.
 * @param {number} checksum
 * @param {number} bytes
 * @returns {number}
 */
function addChecksum(checksum, bytes) {
    const ret = wasm.addChecksum(checksum, bytes);
    return ret >>> 0;
}

/**
 * The address of the words of `ANSWER`.
 * @returns {number}
 */
function answerAddress() {
    const ret = wasm.answerAddress();
    return ret >>> 0;
}

/**
 * Budget, bytes in use, entries, hits, misses.
 * @returns {Float64Array}
 */
function cacheStats() {
    const ret = wasm.cacheStats();
    var v1 = getArrayF64FromWasm0(ret[0], ret[1]).slice();
    wasm.__wbindgen_free(ret[0], ret[1] * 8, 8);
    return v1;
}

/**
 * The memory of the engine. The name `memory` is taken by wasm-bindgen.
 * @returns {any}
 */
function engineMemory() {
    const ret = wasm.engineMemory();
    return ret;
}

/**
 * Stores the host's functions. This is the first call of an instance.
 * @param {any} host
 */
function install(host) {
    wasm.install(host);
}

/**
 * Opens the database at the root of a store. A failing callback is repeated up to `max_retries` times. The ends of
 * tables are fetched together with the manifest if their size is at most `prefetch_bytes`. A value longer than
 * `max_value_bytes` is an error and is not unpacked.
 * @param {number} store
 * @param {number} max_retries
 * @param {number} prefetch_bytes
 * @param {number} max_value_bytes
 * @returns {any}
 */
function openReader(store, max_retries, prefetch_bytes, max_value_bytes) {
    const ret = wasm.openReader(store, max_retries, prefetch_bytes, max_value_bytes);
    if (ret[2]) {
        throw takeFromExternrefTable0(ret[1]);
    }
    return takeFromExternrefTable0(ret[0]);
}

/**
 * Begins a database at the root of `store`, made from that of `base`, which can be updated. `memory_bytes` are for tables on their way, `request_bytes` for one request of the base.
 * @param {number} store
 * @param {string} settings_json
 * @param {number} memory_bytes
 * @param {number} request_bytes
 * @param {Reader} base
 * @returns {TableUpdate}
 */
function openTableUpdate(store, settings_json, memory_bytes, request_bytes, base) {
    _assertClass(base, Reader);
    const val2 = +store;
    const val3 = +memory_bytes;
    const val4 = +request_bytes;
    const ptr0 = passStringToWasm0(settings_json, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc);
    const len0 = WASM_VECTOR_LEN;
    const ret = wasm.openTableUpdate(val2, ptr0, len0, val3, val4, base.__wbg_ptr);
    if (ret[2]) {
        throw takeFromExternrefTable0(ret[1]);
    }
    return TableUpdate.__wrap(ret[0]);
}

/**
 * Begins a database at the root of `store`. Parts are stored in `parts`. Numbers are bytes.
 * @param {number} store
 * @param {number} parts
 * @param {string} settings_json
 * @param {number} memory_bytes
 * @param {number} seal_memory_bytes
 * @returns {TableWriter}
 */
function openTableWriter(store, parts, settings_json, memory_bytes, seal_memory_bytes) {
    const val2 = +store;
    const val3 = +parts;
    const val4 = +memory_bytes;
    const val5 = +seal_memory_bytes;
    const ptr0 = passStringToWasm0(settings_json, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc);
    const len0 = WASM_VECTOR_LEN;
    const ret = wasm.openTableWriter(val2, val3, ptr0, len0, val4, val5);
    if (ret[2]) {
        throw takeFromExternrefTable0(ret[1]);
    }
    return TableWriter.__wrap(ret[0]);
}

/**
 * Creates or opens the database at the root of a store, and fences other writers.
 * @param {number} store
 * @param {string} settings_json
 * @param {number} max_retries
 * @returns {any}
 */
function openWriter(store, settings_json, max_retries) {
    const val2 = +store;
    const val3 = +max_retries;
    const ptr0 = passStringToWasm0(settings_json, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc);
    const len0 = WASM_VECTOR_LEN;
    const ret = wasm.openWriter(val2, ptr0, len0, val3);
    if (ret[2]) {
        throw takeFromExternrefTable0(ret[1]);
    }
    return takeFromExternrefTable0(ret[0]);
}

/**
 * The address of memory for a request of this many bytes. It is valid until a larger one is asked for.
 * @param {number} bytes
 * @returns {number}
 */
function requestAddress(bytes) {
    const ret = wasm.requestAddress(bytes);
    return ret >>> 0;
}

/**
 * Sets the budget and drops entries above it.
 * @param {number} bytes
 */
function setCacheBudget(bytes) {
    wasm.setCacheBudget(bytes);
}

/**
 * @param {number} call
 * @param {Uint8Array | null} [bytes]
 */
function settleBytes(call, bytes) {
    const val1 = +call;
    wasm.settleBytes(val1, isLikeNone(bytes) ? 0 : addToExternrefTable0(bytes));
}

/**
 * @param {number} call
 * @param {number} failure
 * @param {string} message
 */
function settleError(call, failure, message) {
    const val2 = +call;
    const val3 = +failure;
    const ptr0 = passStringToWasm0(message, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc);
    const len0 = WASM_VECTOR_LEN;
    wasm.settleError(val2, val3, ptr0, len0);
}

/**
 * @param {number} call
 * @param {boolean} flag
 */
function settleFlag(call, flag) {
    wasm.settleFlag(call, flag);
}

/**
 * A negative size means that the object does not exist.
 * @param {number} call
 * @param {number} size
 * @param {number} modified_ms
 */
function settleHead(call, size, modified_ms) {
    wasm.settleHead(call, size, modified_ms);
}

/**
 * @param {number} call
 * @param {string[]} paths
 * @param {Float64Array | number[]} sizes
 * @param {Float64Array | number[]} modified_ms
 */
function settleList(call, paths, sizes, modified_ms) {
    const val4 = +call;
    let ptr0, len0, ptr1, len1, ptr2, len2;
    try {
        ptr0 = passArrayJsValueToWasm0(paths, wasm.__wbindgen_malloc);
        len0 = WASM_VECTOR_LEN;
        ptr1 = passArrayF64ToWasm0(sizes, wasm.__wbindgen_malloc);
        len1 = WASM_VECTOR_LEN;
        ptr2 = passArrayF64ToWasm0(modified_ms, wasm.__wbindgen_malloc);
        len2 = WASM_VECTOR_LEN;
    } catch (e) {
        if (ptr2) { wasm.__wbindgen_free(ptr2, len2 * 8, 8); }
        if (ptr1) { wasm.__wbindgen_free(ptr1, len1 * 8, 8); }
        if (ptr0) { wasm.__externref_drop_slice(ptr0, len0); wasm.__wbindgen_free(ptr0, len0 * 4, 4); }
        throw e;
    }
    wasm.settleList(val4, ptr0, len0, ptr1, len1, ptr2, len2);
}

/**
 * The version of SlateDB in this module.
 * @returns {string}
 */
function slatedbVersion() {
    let deferred1_0;
    let deferred1_1;
    try {
        const ret = wasm.slatedbVersion();
        deferred1_0 = ret[0];
        deferred1_1 = ret[1];
        return getStringFromWasm0(ret[0], ret[1]);
    } finally {
        wasm.__wbindgen_free(deferred1_0, deferred1_1, 1);
    }
}

/**
 * The address of memory for the stored bytes of one block. It is valid until a larger one is asked for.
 * @param {number} bytes
 * @returns {number}
 */
function storedAddress(bytes) {
    const ret = wasm.storedAddress(bytes);
    return ret >>> 0;
}
function __wbg_get_imports() {
    const import0 = {
        __proto__: null,
        __wbg___wbindgen_is_undefined_be5b34249ff1fc15: function(arg0) {
            const ret = arg0 === undefined;
            return ret;
        },
        __wbg___wbindgen_memory_17a1178bc3328ea3: function() {
            const ret = wasm.memory;
            return ret;
        },
        __wbg___wbindgen_string_get_7ce8eee7fd327545: function(arg0, arg1) {
            const obj = arg1;
            const ret = typeof(obj) === 'string' ? obj : undefined;
            var ptr1 = isLikeNone(ret) ? 0 : passStringToWasm0(ret, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc);
            var len1 = WASM_VECTOR_LEN;
            getDataViewMemory0().setInt32((arg0 >>> 0) + 4 * 1, len1, true);
            getDataViewMemory0().setInt32((arg0 >>> 0) + 4 * 0, ptr1, true);
        },
        __wbg___wbindgen_throw_4c88d8bf264fd984: function(arg0, arg1) {
            throw new Error(getStringFromWasm0(arg0, arg1));
        },
        __wbg_abandon_2a57fd008a98776c: function(arg0, arg1, arg2, arg3) {
            arg0.abandon(arg1 >>> 0, getStringFromWasm0(arg2, arg3));
        },
        __wbg_append_163e94bc0a7452bf: function(arg0, arg1, arg2, arg3, arg4, arg5) {
            arg0.append(arg1 >>> 0, arg2 >>> 0, getStringFromWasm0(arg3, arg4), arg5);
        },
        __wbg_buffer_8a3a77f69deb3760: function(arg0, arg1) {
            const ret = arg0.buffer(arg1 >>> 0);
            return ret;
        },
        __wbg_canReadNow_cd2724a023bcc502: function(arg0, arg1) {
            const ret = arg0.canReadNow(arg1 >>> 0);
            return ret;
        },
        __wbg_cancelSleep_c62f9a1ecd788222: function(arg0, arg1) {
            arg0.cancelSleep(arg1 >>> 0);
        },
        __wbg_complete_55b4b0de646fd594: function(arg0, arg1, arg2, arg3, arg4) {
            arg0.complete(arg1 >>> 0, arg2 >>> 0, getStringFromWasm0(arg3, arg4));
        },
        __wbg_error_7bd3f3c599095421: function(arg0, arg1, arg2, arg3, arg4, arg5) {
            const ret = arg0.error(getStringFromWasm0(arg1, arg2), getStringFromWasm0(arg3, arg4), arg5 >>> 0);
            return ret;
        },
        __wbg_getRandomValues_01076ebaa66264dc: function() { return handleError(function (arg0, arg1) {
            globalThis.crypto.getRandomValues(getArrayU8FromWasm0(arg0, arg1));
        }, arguments); },
        __wbg_getRandomValues_5d8c030b527203a6: function() { return handleError(function (arg0, arg1) {
            globalThis.crypto.getRandomValues(getArrayU8FromWasm0(arg0, arg1));
        }, arguments); },
        __wbg_getTime_edc91481cbc4cd78: function(arg0) {
            const ret = arg0.getTime();
            return ret;
        },
        __wbg_get_9a3bd06d0a3797d6: function(arg0, arg1, arg2, arg3, arg4, arg5, arg6) {
            arg0.get(arg1 >>> 0, arg2 >>> 0, getStringFromWasm0(arg3, arg4), arg5, arg6);
        },
        __wbg_head_105d823b39fb18ff: function(arg0, arg1, arg2, arg3, arg4) {
            arg0.head(arg1 >>> 0, arg2 >>> 0, getStringFromWasm0(arg3, arg4));
        },
        __wbg_length_186163212ffe79c3: function(arg0) {
            const ret = arg0.length;
            return ret;
        },
        __wbg_list_b05e816140d8b884: function(arg0, arg1, arg2, arg3, arg4) {
            arg0.list(arg1 >>> 0, arg2 >>> 0, getStringFromWasm0(arg3, arg4));
        },
        __wbg_new_0_36d738a0c8cfac43: function() {
            const ret = new Date();
            return ret;
        },
        __wbg_new_with_length_01b143a7e5dd5a3e: function(arg0) {
            const ret = new Uint8Array(arg0 >>> 0);
            return ret;
        },
        __wbg_now_463ac581d2fc7ea3: function() {
            const ret = Date.now();
            return ret;
        },
        __wbg_now_e7c6795a7f81e10f: function(arg0) {
            const ret = arg0.now();
            return ret;
        },
        __wbg_performance_7e4e4494fdc9d07a: function(arg0) {
            const ret = arg0.performance;
            return ret;
        },
        __wbg_poisoned_ca81826945b45390: function(arg0, arg1, arg2) {
            arg0.poisoned(getStringFromWasm0(arg1, arg2));
        },
        __wbg_promise_d040c9931effc606: function(arg0, arg1) {
            const ret = arg0.promise(arg1 >>> 0);
            return ret;
        },
        __wbg_prototypesetcall_13162965d1fe7aa3: function(arg0, arg1, arg2) {
            Uint8Array.prototype.set.call(getArrayU8FromWasm0(arg0, arg1), arg2);
        },
        __wbg_put_6031b23a963f4f14: function(arg0, arg1, arg2, arg3, arg4, arg5, arg6) {
            arg0.put(arg1 >>> 0, arg2 >>> 0, getStringFromWasm0(arg3, arg4), arg5, arg6 !== 0);
        },
        __wbg_readNow_9aedf0d843591a7c: function(arg0, arg1, arg2, arg3, arg4, arg5, arg6) {
            const ret = arg0.readNow(arg1 >>> 0, getStringFromWasm0(arg2, arg3), arg4, arg5 >>> 0, arg6 >>> 0);
            return ret;
        },
        __wbg_reader_new: function(arg0) {
            const ret = Reader.__wrap(arg0);
            return ret;
        },
        __wbg_reject_2ba5d39059fe9e55: function(arg0, arg1, arg2) {
            arg0.reject(arg1 >>> 0, arg2);
        },
        __wbg_remove_ee268821c69a97cd: function(arg0, arg1, arg2, arg3, arg4) {
            arg0.remove(arg1 >>> 0, arg2 >>> 0, getStringFromWasm0(arg3, arg4));
        },
        __wbg_resolve_e2761f2796be613a: function(arg0, arg1, arg2) {
            arg0.resolve(arg1 >>> 0, arg2);
        },
        __wbg_set_118fefd528ab0a79: function(arg0, arg1, arg2) {
            arg0.set(arg1, arg2 >>> 0);
        },
        __wbg_set_feb3714f475485ba: function(arg0, arg1, arg2) {
            arg0.set(getArrayU8FromWasm0(arg1, arg2));
        },
        __wbg_sleep_3bdfb1a57b703f26: function(arg0, arg1, arg2) {
            arg0.sleep(arg1 >>> 0, arg2);
        },
        __wbg_static_accessor_GLOBAL_THIS_003ee833af9699fc: function() {
            const ret = typeof globalThis === 'undefined' ? undefined : globalThis;
            return isLikeNone(ret) ? 0 : addToExternrefTable0(ret);
        },
        __wbg_static_accessor_GLOBAL_e4293fb22cbe77da: function() {
            const ret = typeof global === 'undefined' ? undefined : global;
            return isLikeNone(ret) ? 0 : addToExternrefTable0(ret);
        },
        __wbg_static_accessor_SELF_53bb20457401453d: function() {
            const ret = typeof self === 'undefined' ? undefined : self;
            return isLikeNone(ret) ? 0 : addToExternrefTable0(ret);
        },
        __wbg_static_accessor_WINDOW_b5e0810bfecb7feb: function() {
            const ret = typeof window === 'undefined' ? undefined : window;
            return isLikeNone(ret) ? 0 : addToExternrefTable0(ret);
        },
        __wbg_subarray_58f388a9247ac0bb: function(arg0, arg1, arg2) {
            const ret = arg0.subarray(arg1 >>> 0, arg2 >>> 0);
            return ret;
        },
        __wbg_takesPieces_5ab12660b82bb86a: function(arg0, arg1) {
            const ret = arg0.takesPieces(arg1 >>> 0);
            return ret;
        },
        __wbg_writer_new: function(arg0) {
            const ret = Writer.__wrap(arg0);
            return ret;
        },
        __wbindgen_generic_0000000000000001: function(arg0) {
            // Cast intrinsic for `F64 -> Externref`.
            const ret = arg0;
            return ret;
        },
        __wbindgen_generic_0000000000000002: function(arg0, arg1) {
            // Cast intrinsic for `Ref(Slice(U8)) -> NamedExternref("Uint8Array")`.
            const ret = getArrayU8FromWasm0(arg0, arg1);
            return ret;
        },
        __wbindgen_init_externref_table: function() {
            const table = wasm.__wbindgen_externrefs;
            table.set(0, undefined);
            table.set(1024, undefined);
            table.set(1025, null);
            table.set(1026, true);
            table.set(1027, false);
        },
    };
    return {
        __proto__: null,
        "./slatedb_bg.js": import0,
    };
}

const ReaderFinalization = (typeof FinalizationRegistry === 'undefined')
    ? { register: () => {}, unregister: () => {} }
    : new FinalizationRegistry(ptr => wasm.__wbg_reader_free(ptr, 1));
const ScanFinalization = (typeof FinalizationRegistry === 'undefined')
    ? { register: () => {}, unregister: () => {} }
    : new FinalizationRegistry(ptr => wasm.__wbg_scan_free(ptr, 1));
const TableUpdateFinalization = (typeof FinalizationRegistry === 'undefined')
    ? { register: () => {}, unregister: () => {} }
    : new FinalizationRegistry(ptr => wasm.__wbg_tableupdate_free(ptr, 1));
const TableWriterFinalization = (typeof FinalizationRegistry === 'undefined')
    ? { register: () => {}, unregister: () => {} }
    : new FinalizationRegistry(ptr => wasm.__wbg_tablewriter_free(ptr, 1));
const WriterFinalization = (typeof FinalizationRegistry === 'undefined')
    ? { register: () => {}, unregister: () => {} }
    : new FinalizationRegistry(ptr => wasm.__wbg_writer_free(ptr, 1));

function addToExternrefTable0(obj) {
    const idx = wasm.__externref_table_alloc();
    wasm.__wbindgen_externrefs.set(idx, obj);
    return idx;
}

function _assertClass(instance, klass) {
    if (!(instance instanceof klass)) {
        throw new Error(`expected instance of ${klass.name}`);
    }
}

function getArrayF64FromWasm0(ptr, len) {
    ptr = ptr >>> 0;
    return getFloat64ArrayMemory0().subarray(ptr / 8, ptr / 8 + len);
}

function getArrayU8FromWasm0(ptr, len) {
    ptr = ptr >>> 0;
    return getUint8ArrayMemory0().subarray(ptr / 1, ptr / 1 + len);
}

let cachedDataViewMemory0 = null;
function getDataViewMemory0() {
    if (cachedDataViewMemory0 === null || cachedDataViewMemory0.buffer.detached === true || (cachedDataViewMemory0.buffer.detached === undefined && cachedDataViewMemory0.buffer !== wasm.memory.buffer)) {
        cachedDataViewMemory0 = new DataView(wasm.memory.buffer);
    }
    return cachedDataViewMemory0;
}

let cachedFloat64ArrayMemory0 = null;
function getFloat64ArrayMemory0() {
    if (cachedFloat64ArrayMemory0 === null || cachedFloat64ArrayMemory0.byteLength === 0) {
        cachedFloat64ArrayMemory0 = new Float64Array(wasm.memory.buffer);
    }
    return cachedFloat64ArrayMemory0;
}

function getStringFromWasm0(ptr, len) {
    ptr = ptr >>> 0;
    return decodeText(getUint8ArrayMemory0().subarray(ptr, ptr + len));
}

let cachedUint8ArrayMemory0 = null;
function getUint8ArrayMemory0() {
    if (cachedUint8ArrayMemory0 === null || cachedUint8ArrayMemory0.byteLength === 0) {
        cachedUint8ArrayMemory0 = new Uint8Array(wasm.memory.buffer);
    }
    return cachedUint8ArrayMemory0;
}

function handleError(f, args) {
    try {
        return f.apply(this, args);
    } catch (e) {
        const idx = addToExternrefTable0(e);
        wasm.__wbindgen_exn_store(idx);
    }
}

function isLikeNone(x) {
    return x === undefined || x === null;
}

function passArray8ToWasm0(arg, malloc) {
    const ptr = malloc(arg.length * 1, 1) >>> 0;
    getUint8ArrayMemory0().set(arg, ptr / 1);
    WASM_VECTOR_LEN = arg.length;
    return ptr;
}

function passArrayF64ToWasm0(arg, malloc) {
    const ptr = malloc(arg.length * 8, 8) >>> 0;
    getFloat64ArrayMemory0().set(arg, ptr / 8);
    WASM_VECTOR_LEN = arg.length;
    return ptr;
}

function passArrayJsValueToWasm0(array, malloc) {
    const ptr = malloc(array.length * 4, 4) >>> 0;
    for (let i = 0; i < array.length; i++) {
        const add = addToExternrefTable0(array[i]);
        getDataViewMemory0().setUint32(ptr + 4 * i, add, true);
    }
    WASM_VECTOR_LEN = array.length;
    return ptr;
}

function passStringToWasm0(arg, malloc, realloc) {
    if (realloc === undefined) {
        const buf = cachedTextEncoder.encode(arg);
        const ptr = malloc(buf.length, 1) >>> 0;
        getUint8ArrayMemory0().subarray(ptr, ptr + buf.length).set(buf);
        WASM_VECTOR_LEN = buf.length;
        return ptr;
    }

    let len = arg.length;
    let ptr = malloc(len, 1) >>> 0;

    const mem = getUint8ArrayMemory0();

    let offset = 0;

    for (; offset < len; offset++) {
        const code = arg.charCodeAt(offset);
        if (code > 0x7F) break;
        mem[ptr + offset] = code;
    }
    if (offset !== len) {
        if (offset !== 0) {
            arg = arg.slice(offset);
        }
        ptr = realloc(ptr, len, len = offset + arg.length * 3, 1) >>> 0;
        const view = getUint8ArrayMemory0().subarray(ptr + offset, ptr + len);
        const ret = cachedTextEncoder.encodeInto(arg, view);

        offset += ret.written;
        ptr = realloc(ptr, len, offset, 1) >>> 0;
    }

    WASM_VECTOR_LEN = offset;
    return ptr;
}

function takeFromExternrefTable0(idx) {
    const value = wasm.__wbindgen_externrefs.get(idx);
    wasm.__externref_table_dealloc(idx);
    return value;
}

let cachedTextDecoder = new TextDecoder('utf-8', { ignoreBOM: true });
cachedTextDecoder.decode();
const MAX_SAFARI_DECODE_BYTES = 2146435072;
let numBytesDecoded = 0;
function decodeText(bytes) {
    numBytesDecoded += bytes.length;
    if (numBytesDecoded >= MAX_SAFARI_DECODE_BYTES) {
        cachedTextDecoder = new TextDecoder('utf-8', { ignoreBOM: true });
        cachedTextDecoder.decode();
        numBytesDecoded = bytes.length;
    }
    return cachedTextDecoder.decode(bytes);
}

const cachedTextEncoder = new TextEncoder();

if (!('encodeInto' in cachedTextEncoder)) {
    cachedTextEncoder.encodeInto = function (arg, view) {
        const buf = cachedTextEncoder.encode(arg);
        view.set(buf);
        return {
            read: arg.length,
            written: buf.length
        };
    };
}

let WASM_VECTOR_LEN = 0;

let wasmModule, wasmInstance, wasm;
function __wbg_finalize_init(instance, module) {
    wasmInstance = instance;
    wasm = instance.exports;
    wasmModule = module;
    cachedDataViewMemory0 = null;
    cachedFloat64ArrayMemory0 = null;
    cachedUint8ArrayMemory0 = null;
    wasm.__wbindgen_start();
    return wasm;
}

async function __wbg_load(module, imports) {
    if (typeof Response === 'function' && module instanceof Response) {
        if (!module.ok) {
            throw new Error(`failed to fetch Wasm: ${module.status} ${module.statusText} fetching '${module.url}'`);
        }

        if (typeof WebAssembly.instantiateStreaming === 'function') {
            try {
                return await WebAssembly.instantiateStreaming(module, imports);
            } catch (e) {
                const validResponse = expectedResponseType(module.type);

                if (validResponse && module.headers.get('Content-Type') !== 'application/wasm') {
                    console.warn("`WebAssembly.instantiateStreaming` failed because your server does not serve Wasm with `application/wasm` MIME type. Falling back to `WebAssembly.instantiate` which is slower. Original error:\n", e);

                } else { throw e; }
            }
        }

        const bytes = await module.arrayBuffer();
        return await WebAssembly.instantiate(bytes, imports);
    } else {
        const instance = await WebAssembly.instantiate(module, imports);

        if (instance instanceof WebAssembly.Instance) {
            return { instance, module };
        } else {
            return instance;
        }
    }

    function expectedResponseType(type) {
        switch (type) {
            case 'basic': case 'cors': case 'default': return true;
        }
        return false;
    }
}

function initSync(module) {
    if (wasm !== undefined) return wasm;


    if (module !== undefined) {
        if (Object.getPrototypeOf(module) === Object.prototype) {
            ({module} = module)
        } else {
            console.warn('using deprecated parameters for `initSync()`; pass a single object instead')
        }
    }

    const imports = __wbg_get_imports();
    if (!(module instanceof WebAssembly.Module)) {
        module = new WebAssembly.Module(module);
    }
    const instance = new WebAssembly.Instance(module, imports);
    return __wbg_finalize_init(instance, module);
}

let __wbg_init_promise;
async function __wbg_init(module_or_path) {
    if (wasm !== undefined) return wasm;
    if (__wbg_init_promise === undefined) {
        __wbg_init_promise = __wbg_init_once(module_or_path);
        __wbg_init_promise.catch(() => { __wbg_init_promise = undefined; });
    }
    return __wbg_init_promise;
}

async function __wbg_init_once(module_or_path) {

    if (module_or_path !== undefined) {
        if (Object.getPrototypeOf(module_or_path) === Object.prototype) {
            ({module_or_path} = module_or_path)
        } else {
            console.warn('using deprecated parameters for the initialization function; pass a single object instead')
        }
    }


    const imports = __wbg_get_imports();

    if (typeof module_or_path === 'string' || (typeof Request === 'function' && module_or_path instanceof Request) || (typeof URL === 'function' && module_or_path instanceof URL)) {
        module_or_path = fetch(module_or_path);
    }

    const { instance, module } = await __wbg_load(await module_or_path, imports);

    return __wbg_finalize_init(instance, module);
}

return { Reader, Scan, TableUpdate, TableWriter, Writer, addChecksum, answerAddress, cacheStats, engineMemory, install, openReader, openTableUpdate, openTableWriter, openWriter, requestAddress, setCacheBudget, settleBytes, settleError, settleFlag, settleHead, settleList, slatedbVersion, storedAddress, initSync };
}
