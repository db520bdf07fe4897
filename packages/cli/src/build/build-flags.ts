import type { FromFormat } from '../input/input-format.js'

/** Options of `build`. */
export interface BuildFlags {
  readonly key?: string
  readonly value?: string
  readonly from?: FromFormat
  readonly shards?: number
  readonly maxKeysPerShard?: number
  readonly expectedRows?: number
  readonly cel?: string
  readonly celColumn?: readonly string[]
  readonly celValue?: readonly string[]
  readonly celInfer?: true
  readonly keyEncoding?: 'u64be' | 'u32be' | 'utf8' | 'raw'
  readonly keyAs?: 'text' | 'hex' | 'base64'
  readonly valueAs?: 'text' | 'json' | 'hex' | 'base64'
  readonly header: boolean
  readonly columns?: string
  readonly delimiter?: string
  readonly quote?: string
  readonly inferTypes?: true
  readonly onError?: 'fail' | 'skip' | 'reject-file'
  readonly rejectFile?: string
  readonly maxErrors?: number
  readonly allowEmpty?: true
  readonly runId?: string
  readonly resume?: string
  readonly retries?: number
  readonly maxRowsPerSecond?: number
  readonly maxBytesPerSecond?: number
  readonly workers?: string
  readonly concurrency?: number
  readonly memoryMib?: number
  readonly compression?: 'snappy' | 'zlib' | 'lz4' | 'zstd' | 'none'
  readonly vectorColumn?: string
  readonly dimensions?: number
  readonly metric?: 'cosine' | 'l2' | 'dot_product'
  readonly vectorId?: string
  readonly payload?: readonly string[]
  readonly custom?: readonly string[]
  readonly progress: boolean
}
