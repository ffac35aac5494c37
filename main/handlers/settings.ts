// Calls about settings, this machine, what this build can do, and choosing files.
import { stat } from 'node:fs/promises';
import { basename, isAbsolute } from 'node:path';
import type { HubToken, settings } from '../contract/settings.ts';
import type { HandlersFor } from '../contract/wire.ts';
import { AppError } from '../errors.ts';
import { hubPlaces } from '../hub/places.ts';
import { applicationRoot } from '../place.ts';
import { licencedParts } from './licences.ts';
import { hubTokenName } from './lookup.ts';
import { describeMachine } from './machine.ts';
import type { Services } from './services.ts';
import { settingHelp } from './setting-help.ts';

export function settingHandlers(services: Services): HandlersFor<typeof settings> {
  const { store, shell, files } = services;
  const hubToken = (): HubToken => {
    if (services.secrets.get(hubTokenName) !== null) return { kept: shell.keychain ? 'keychain' : 'memory' };
    const from = hubPlaces().tokenFrom;
    return { kept: from === null ? 'none' : from === 'file' ? 'file' : 'environment' };
  };
  return {
    'settings.get': () => store.settings.get(),
    'settings.set': (change) => store.settings.set(change),
    'settings.machine': () => describeMachine(services),
    'settings.capabilities': async () => ({
      ...(await services.capabilities()),
      shell: shell.kind,
      canReveal: shell.reveal !== undefined,
      canPickFolders: shell.pick !== undefined,
      settingHelp,
    }),
    'settings.licences': () => licencedParts(applicationRoot()),
    'settings.hubToken': hubToken,
    'settings.setHubToken': ({ token }) => {
      services.secrets.set(hubTokenName, token);
      return hubToken();
    },
    'settings.ledger': () => store.ledger.list(),
    'files.pick': async ({ kind, title }) => {
      if (!shell.pick)
        throw new AppError(
          'no-dialog',
          'This window has no dialog of the system.',
          'Drop the files on the page, or type their path.',
        );
      const paths = await shell.pick(kind, title);
      return paths.map((path) => {
        const name = basename(path);
        return { token: files.issue({ path, name, temporary: false }), name };
      });
    },
    'files.fromPath': async ({ path }) => {
      if (shell.kind === 'electron')
        throw new AppError(
          'no-typed-paths',
          'Paths are not typed in this window.',
          'Choose the file in the dialog.',
        );
      if (!isAbsolute(path))
        throw new AppError(
          'path-not-absolute',
          `"${path}" is not a full path.`,
          'Type the path from its beginning.',
        );
      if (!(await stat(path).catch(() => null)))
        throw new AppError(
          'path-missing',
          `There is no file or folder "${path}".`,
          'Check the path and type it again.',
        );
      const name = basename(path) || path;
      return { token: files.issue({ path, name, temporary: false }), name };
    },
  };
}
