import { createHash, timingSafeEqual } from 'node:crypto'

/** Compares tokens of clients with the right one, in a time that does not depend on either. */
export class Token {
  readonly #digest: Buffer

  constructor(token: string) {
    this.#digest = digestOf(token)
  }

  matches(given: string): boolean {
    return timingSafeEqual(digestOf(given), this.#digest)
  }
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
