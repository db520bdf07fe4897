import { readFileSync } from 'node:fs'
import type { Timing } from '../compare.js'
import type { Environment } from '../environment.js'

/** The folder with the records of `--record`, and the report. */
export const RESULTS = new URL('../../../results/', import.meta.url)

export interface RecordedComparison {
  readonly title: string
  readonly unit: string
  readonly rounds: number
  readonly timings: readonly Timing[]
}

export interface RecordedTarget {
  readonly target: string
  readonly value: number
  readonly unit: string
  readonly atLeast?: number
  readonly atMost?: number
  readonly held: boolean
}

export interface RecordedTraffic {
  readonly what: string
  readonly reads: number
  readonly writes: number
  readonly lists: number
  readonly bytesRead: number
  readonly roundTrips: number
  readonly ms: number
}

export interface RecordedMemory {
  readonly memory: string
  readonly rows: number
  readonly shards: number
  readonly peakMB: number
}

export type Recorded = RecordedComparison | RecordedTarget | RecordedTraffic | RecordedMemory

/** The record of one run of a benchmark. */
export interface Run extends Environment {
  readonly name: string
  readonly date: string
  readonly loadAtEnd: number
  readonly results: readonly Recorded[]
}

/** The record of a benchmark; `undefined` if it does not exist. */
export function readRun(name: string): Run | undefined {
  try {
    const text = readFileSync(new URL(`${name}.json`, RESULTS), 'utf8')
    return { name, ...(JSON.parse(text) as Omit<Run, 'name'>) }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

export function comparisonsOf(run: Run | undefined): RecordedComparison[] {
  return (run?.results ?? []).filter((result) => 'timings' in result)
}

export function targetsOf(run: Run | undefined): RecordedTarget[] {
  return (run?.results ?? []).filter((result) => 'target' in result)
}

export function trafficOf(run: Run | undefined): RecordedTraffic[] {
  return (run?.results ?? []).filter((result) => 'roundTrips' in result)
}

export function memoryOf(run: Run | undefined): RecordedMemory[] {
  return (run?.results ?? []).filter((result) => 'memory' in result)
}
