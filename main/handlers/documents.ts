// Calls about documents. Reading files is a job (work/import-documents.ts); the rest is the store.
import type { documents, Source } from '../contract/documents.ts';
import type { HandlersFor } from '../contract/wire.ts';
import { AppError } from '../errors.ts';
import type { ProjectStore } from '../store/index.ts';
import { jsonLines } from './json-lines.ts';
import { counted } from './lookup.ts';
import type { Services } from './services.ts';
import { rememberPassword } from './work/import-documents.ts';

export function documentHandlers(services: Services): HandlersFor<typeof documents> {
  const change = (
    projectId: string,
    ids: string[],
    apply: (project: ProjectStore, id: string) => void,
  ): Source[] => {
    const project = services.store.project(projectId);
    for (const id of ids) if (project.sources.get(id)) apply(project, id);
    services.emit('documents.changed', { projectId });
    services.emit('projects.changed', { projectId }); // the navigation says how many are used, and what is missing
    return ids.flatMap((id) => {
      const row = project.sources.get(id);
      return row ? [project.sources.outward(row)] : [];
    });
  };
  const find = (project: ProjectStore, sourceId: string) => {
    const source = project.sources.get(sourceId);
    if (source && source.removedAt === null) return source;
    throw new AppError(
      'source-unknown',
      'This document was removed.',
      'Undo the removal, or add the file again.',
    );
  };
  const startImport = (
    projectId: string,
    title: string,
    spec: Record<string, unknown>,
    subjectId: string | null,
  ) => {
    services.store.project(projectId); // says at once when it cannot be opened
    const job = services.queue.start({
      kind: 'import-documents',
      lane: 'import',
      projectId,
      subjectId,
      title,
      cancelLabel: 'Stop and keep what was read',
      spec: { items: [], sourceIds: [], ...spec },
    });
    return { jobId: job.id };
  };

  return {
    'documents.list': ({ projectId, filter, offset, limit }) => {
      const { sources } = services.store.project(projectId);
      return { ...sources.list(filter, offset, limit), counts: sources.counts() };
    },
    'documents.import': ({ projectId, tokens }) => {
      const items = tokens.map((token) => services.files.redeem(token));
      const title = items.length === 1 ? `Read "${items[0].name}"` : `Read ${counted(items.length, 'file')}`;
      return startImport(projectId, title, { items }, null);
    },
    'documents.preview': async ({ projectId, sourceId, offset, limit }) => {
      const project = services.store.project(projectId);
      const source = find(project, sourceId);
      if (source.state === 'failed' || source.state === 'reading') return { parts: [], total: 0 };
      return jsonLines.page(project.sources.partsFile(sourceId), offset, limit);
    },
    'documents.reread': ({ projectId, sourceId, options }) => {
      const project = services.store.project(projectId);
      const source = find(project, sourceId);
      const { password, ...kept } = options;
      if (password !== undefined) rememberPassword(sourceId, password);
      project.sources.update(sourceId, { options: kept, state: 'reading', failure: null });
      services.emit('documents.changed', { projectId });
      return startImport(projectId, `Read "${source.name}" again`, { sourceIds: [sourceId] }, sourceId);
    },
    'documents.replace': ({ projectId, sourceId, token }) => {
      const source = find(services.store.project(projectId), sourceId);
      const item = { ...services.files.redeem(token), replaces: sourceId };
      return startImport(projectId, `Replace "${source.name}"`, { items: [item] }, sourceId);
    },
    'documents.setRights': ({ projectId, sourceIds, rights }) => {
      const record = { ...rights, attestedAt: Date.now() };
      return change(projectId, sourceIds, (project, id) => project.sources.update(id, { rights: record }));
    },
    'documents.leaveOut': ({ projectId, sourceIds, leftOut }) =>
      change(projectId, sourceIds, (project, id) => {
        const source = project.sources.get(id)!;
        if (leftOut) project.sources.update(id, { state: 'left-out' });
        else if (source.state === 'left-out')
          project.sources.update(id, { state: source.failure === null ? 'read' : 'failed' });
      }),
    'documents.remove': ({ projectId, sourceIds }) => {
      change(projectId, sourceIds, (project, id) => project.sources.update(id, { removedAt: Date.now() }));
      return {};
    },
    'documents.restore': ({ projectId, sourceIds }) =>
      change(projectId, sourceIds, (project, id) => project.sources.update(id, { removedAt: null })),
  };
}
