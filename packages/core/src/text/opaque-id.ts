/**
 * Makes an opaque id of 32 lowercase hexadecimal digits: run ids and checkpoint ids (wire-format
 * §1.3).
 */
export function newOpaqueId(): string {
  // Node's Web Crypto is loaded at the first use, by builds and not by readers.
  const bytes = globalThis.crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
