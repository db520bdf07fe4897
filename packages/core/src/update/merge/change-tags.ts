/** First byte of the value of a packed change: it puts the bytes that follow, or deletes the key. */
export const TAG_DELETE = 0
export const TAG_PUT = 1
