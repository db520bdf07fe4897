/** Where the vectors of a shard with keys are, below its URL (wire-format §14.5). */
export const VECTORS = 'vector'
