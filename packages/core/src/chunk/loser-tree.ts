import type { MergeHead } from './merge-head.js'

/**
 * A tournament of heads: the winner has the next entry, and each change of it costs one match per
 * level.
 *
 * Inner nodes store the loser of their match, so the path from the winner's leaf to the root passes
 * every possible next winner. Source: Knuth, The Art of Computer Programming, volume 3, "Multiway
 * merging" (tree of losers).
 */
export class LoserTree {
  // Index 0 is the winner, the others are losers; the head of order i enters at leaf `size + i`.
  readonly #nodes: MergeHead[]
  readonly #size: number

  /** `heads` in their order, at least one. */
  constructor(heads: readonly MergeHead[]) {
    this.#size = heads.length
    this.#nodes = [...heads]
    this.#nodes[0] = this.#play(1, heads)
  }

  get winner(): MergeHead {
    return this.#nodes[0]!
  }

  /** Returns the head that would win without the winner; `undefined` if the winner is alone. */
  runnerUp(): MergeHead | undefined {
    const nodes = this.#nodes
    let best: MergeHead | undefined
    for (let at = (this.#size + this.winner.order) >> 1; at > 0; at >>= 1) {
      const head = nodes[at]!
      if (best === undefined || head.isBefore(best)) best = head
    }
    return best
  }

  /** Finds the new winner after the old one has moved. */
  replay(): void {
    const nodes = this.#nodes
    let winner = nodes[0]!
    for (let at = (this.#size + winner.order) >> 1; at > 0; at >>= 1) {
      const rival = nodes[at]!
      if (rival.isBefore(winner)) {
        nodes[at] = winner
        winner = rival
      }
    }
    nodes[0] = winner
  }

  #play(at: number, heads: readonly MergeHead[]): MergeHead {
    if (at >= this.#size) return heads[at - this.#size]!
    const left = this.#play(2 * at, heads)
    const right = this.#play(2 * at + 1, heads)
    const [winner, loser] = right.isBefore(left) ? [right, left] : [left, right]
    this.#nodes[at] = loser
    return winner
  }
}
