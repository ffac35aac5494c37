// Folders where a database is at risk: network file systems and folders that a program syncs. Does not open anything.
import { existsSync, statfsSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface Hazard {
  kind: 'network' | 'sync';
  name: string;
  sentence: string;
}

/** `statfs` magic numbers of Linux: linux/magic.h and the man page statfs(2). */
const networkTypes = new Map<number, string>([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xfe534d42, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0x01021997, '9P'],
  [0x65735546, 'FUSE'],
  [0x5346414f, 'AFS'],
  [0x00c36400, 'Ceph'],
]);

const syncFolders: [pattern: RegExp, name: string][] = [
  [/^dropbox( \(.*\))?$/i, 'Dropbox'],
  [/^onedrive( - .*)?$/i, 'OneDrive'],
  [/^(google drive|googledrive.*|my drive)$/i, 'Google Drive'],
  [/^(mobile documents|icloud ?drive)$/i, 'iCloud Drive'],
  [/^nextcloud$/i, 'Nextcloud'],
  [/^pcloud ?drive$/i, 'pCloud'],
];

/** What is risky about keeping a project in `folder` (which exists), or null. */
export function findHazard(folder: string): Hazard | null {
  const network = networkName(folder);
  if (network !== null)
    return {
      kind: 'network',
      name: network,
      sentence: `This folder is on a network file system (${network}): work is slower, and a lost connection can lose the last change. A folder on this computer is safer.`,
    };
  const sync = syncName(folder);
  if (sync === null) return null;
  return {
    kind: 'sync',
    name: sync,
    sentence: `${sync} syncs this folder and can damage an open project. Keep projects outside of it, and share them as one exported file.`,
  };
}

function networkName(folder: string): string | null {
  if (process.platform === 'win32') return /^[\\/]{2}(?![.?])/.test(folder) ? 'a Windows share' : null;
  if (process.platform !== 'linux') return null;
  try {
    return networkTypes.get(statfsSync(folder).type) ?? null;
  } catch {
    return null; // a system without statfs says nothing about the folder
  }
}

function syncName(folder: string): string | null {
  for (const segment of folder.split(/[\\/]/)) {
    const hit = syncFolders.find(([pattern]) => pattern.test(segment));
    if (hit) return hit[1];
  }
  for (let at = folder; at !== dirname(at); at = dirname(at))
    if (existsSync(join(at, '.stfolder'))) return 'Syncthing';
  return null;
}
