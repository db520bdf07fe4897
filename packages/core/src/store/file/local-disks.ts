import { statfs } from 'node:fs/promises'

/**
 * File systems of Linux and macOS that answer without a network: ext, xfs, btrfs, zfs, f2fs, tmpfs,
 * ramfs, overlayfs, apfs, hfs.
 */
const LOCAL_TYPES = new Set([
  0xef53, 0x58465342, 0x9123683e, 0x2fc12fc1, 0xf2f52010, 0x01021994, 0x858458f6, 0x794c7630, 0x1a,
  0x11,
])

const known = new Map<number, boolean>()

/**
 * Returns true if a read from this device cannot wait for a network; a read that blocks would block
 * the whole process.
 */
export async function isLocalDisk(path: string, device: number): Promise<boolean> {
  let isLocal = known.get(device)
  if (isLocal === undefined) {
    isLocal = await statfs(path).then(
      ({ type }) => LOCAL_TYPES.has(type),
      () => false,
    )
    known.set(device, isLocal)
  }
  return isLocal
}
