// What can be done with documents. Every change is on the undo stack of this screen, where the contract can undo it.
import type { Source } from '../../../main/contract/documents.ts';
import type { CallInput } from '../../../main/contract/index.ts';
import { call } from '../../client/client.ts';
import { type FileToken, pickTokens } from '../../components/file-drop.tsx';
import { plural } from '../../components/format.ts';
import { askPath } from '../../components/path-dialog.tsx';
import { undoScope } from '../../shell/keys.ts';
import { useDocuments } from '../../state/documents.ts';
import { announce, toast } from '../../state/ui.ts';
import { perform, storedCall } from '../../state/undo.ts';

const refresh = () => useDocuments.getState().refresh();
const filesOf = (sources: Source[]) =>
  sources.length === 1 ? `“${sources[0].name}”` : plural(sources.length, 'file');

export async function importTokens(projectId: string, tokens: FileToken[]): Promise<void> {
  if (tokens.length === 0) return;
  await call('documents.import', { projectId, tokens: tokens.map((one) => one.token) });
  announce(`${plural(tokens.length, 'file')} taken in. They are being read.`);
  await refresh();
}

export async function addFiles(projectId: string): Promise<void> {
  await importTokens(projectId, await pickTokens('files', 'Add files'));
}

export async function addFolder(projectId: string): Promise<void> {
  await importTokens(projectId, await pickTokens('folder', 'Add a folder'));
}

/** Browser mode: a folder or file of this computer by its path, without an upload. */
export async function addPath(projectId: string): Promise<void> {
  const token = await askPath({
    title: 'Add a folder by its path',
    hint: 'Every readable file in it is copied into the project.',
  });
  if (token) await importTokens(projectId, [token]);
}

export async function leaveOut(projectId: string, sources: Source[], leftOut: boolean): Promise<void> {
  const sourceIds = sources.map((source) => source.id);
  const label = leftOut ? `leave out ${filesOf(sources)}` : `use ${filesOf(sources)} again`;
  await perform(
    undoScope('documents', projectId),
    {
      label,
      redo: [storedCall('documents.leaveOut', { projectId, sourceIds, leftOut })],
      undo: [storedCall('documents.leaveOut', { projectId, sourceIds, leftOut: !leftOut })],
    },
    leftOut ? `${filesOf(sources)} left out.` : `${filesOf(sources)} is used again.`,
  );
  await refresh();
}

export async function removeSources(projectId: string, sources: Source[]): Promise<void> {
  const sourceIds = sources.map((source) => source.id);
  await perform(
    undoScope('documents', projectId),
    {
      label: `remove ${filesOf(sources)}`,
      redo: [storedCall('documents.remove', { projectId, sourceIds })],
      undo: [storedCall('documents.restore', { projectId, sourceIds })],
    },
    `${filesOf(sources)} removed from the project.`,
  );
  await refresh();
}

type Rights = CallInput<'documents.setRights'>['rights'];

/** Records the rights. Undo puts back what each file had before; a first record has nothing to go back to. */
export async function setRights(projectId: string, sources: Source[], rights: Rights): Promise<void> {
  const sourceIds = sources.map((source) => source.id);
  const before = sources.flatMap((source) =>
    source.rights
      ? [
          storedCall('documents.setRights', {
            projectId,
            sourceIds: [source.id],
            rights: withoutTime(source.rights),
          }),
        ]
      : [],
  );
  const redo = [storedCall('documents.setRights', { projectId, sourceIds, rights })];
  const message = `Rights recorded for ${filesOf(sources)}.`;
  if (before.length === sources.length) {
    await perform(
      undoScope('documents', projectId),
      { label: `rights of ${filesOf(sources)}`, redo, undo: before },
      message,
    );
  } else {
    await call('documents.setRights', { projectId, sourceIds, rights });
    toast(message);
  }
  await refresh();
}

function withoutTime({ basis, who, note }: NonNullable<Source['rights']>): Rights {
  return { basis, who, note };
}

export async function replaceSource(projectId: string, source: Source): Promise<void> {
  const [picked] = await pickTokens('files', `Replace ${source.name}`);
  if (!picked) return;
  await call('documents.replace', { projectId, sourceId: source.id, token: picked.token });
  announce(`“${picked.name}” replaces “${source.name}”. It is being read.`);
  await refresh();
}

export async function reread(
  projectId: string,
  source: Source,
  options: CallInput<'documents.reread'>['options'],
): Promise<void> {
  await call('documents.reread', { projectId, sourceId: source.id, options });
  announce(`“${source.name}” is read again.`);
  await refresh();
}
