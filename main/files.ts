// File tokens: what windows hold instead of paths. A token for reading (from a dialog or an upload) is redeemed once;
// a download token names a file or folder that browser mode may fetch until the backend ends. Knows no transport.
import { randomBytes } from 'node:crypto';
import { AppError } from './errors.ts';

/** A file or folder that the user chose. `name` is what they see; an uploaded file lies under another name. */
export interface ChosenFile {
  path: string;
  name: string;
  /** The backend's own temporary copy: move it instead of copying. */
  temporary: boolean;
}

/** What a download token names; a folder is sent as one zip file. */
export interface Download {
  path: string;
  fileName: string;
}

const lifeMs = 24 * 3600 * 1000;

export type FileTokens = ReturnType<typeof createFileTokens>;

export function createFileTokens() {
  const chosen = new Map<string, ChosenFile & { issuedAt: number }>();
  const downloads = new Map<string, Download>();
  const newToken = () => randomBytes(24).toString('base64url');
  return {
    issue(file: ChosenFile): string {
      const token = newToken();
      const now = Date.now();
      for (const [old, { issuedAt }] of chosen) if (now - issuedAt > lifeMs) chosen.delete(old);
      chosen.set(token, { ...file, issuedAt: now });
      return token;
    },
    /** Gives the file and leaves the token as it is, for a first look. Throws as `redeem`. */
    look(token: string): ChosenFile {
      const file = chosen.get(token);
      if (!file)
        throw new AppError(
          'file-token',
          'This choice of a file was used already or is too old.',
          'Choose the file again.',
        );
      return { path: file.path, name: file.name, temporary: file.temporary };
    },
    /** Gives the file once. Throws when the token is unknown, used or older than a day. */
    redeem(token: string): ChosenFile {
      const file = this.look(token);
      chosen.delete(token);
      return file;
    },
    issueDownload(download: Download): string {
      const token = newToken();
      downloads.set(token, download);
      return token;
    },
    download: (token: string): Download | undefined => downloads.get(token),
  };
}
