import { customAlphabet } from 'nanoid'

/**
 * Makes an opaque id of 32 lowercase hexadecimal digits: run ids and checkpoint ids (wire-format
 * §1.3).
 */
export const newOpaqueId: () => string = customAlphabet('0123456789abcdef', 32)
