// Around the job that reads documents: copies originals into the project by content, then lets an engine process read
// them one by one. A file that makes the reader crash or stand still fails alone; the others go on.
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { z } from 'zod';
import { AppError, type ErrorShape, toErrorShape } from '../../errors.ts';
import type { JobTypes } from '../../jobs/job.ts';
import type { JobHooks, QueuedJob, WorkContext } from '../../jobs/queue.ts';
import type { SourceRow } from '../../store/documents.ts';
import type { ProjectStore } from '../../store/index.ts';
import { newId } from '../../store/rows.ts';
import { keepOriginal, listFiles } from '../originals.ts';
import { afterSampleImport } from '../sample.ts';
import type { Services } from '../services.ts';

const Item = z.object({
  path: z.string(),
  name: z.string(),
  temporary: z.boolean(),
  replaces: z.string().optional(),
});
const Spec = z.looseObject({
  items: z.array(Item),
  sourceIds: z.array(z.string()),
  skipped: z.array(z.string()).default([]),
  /** Documents of the project that hold what the skipped files hold. */
  knownIds: z.array(z.string()).default([]),
  refused: z.array(z.string()).default([]),
  sample: z.boolean().default(false),
});
type Spec = z.infer<typeof Spec>;
type Item = z.infer<typeof Item>;

/** Passwords live in memory until the file was read; they are never stored. */
const passwords = new Map<string, string>();
export function rememberPassword(sourceId: string, password: string): void {
  passwords.set(sourceId, password);
}

const changedEveryMs = 300;
const silentAfterMs = 180_000;

export function importHooks(services: Services): JobHooks {
  const toldAt = new Map<string, number>();
  const tell = (projectId: string, now = false) => {
    if (!now && Date.now() - (toldAt.get(projectId) ?? 0) < changedEveryMs) return;
    toldAt.set(projectId, Date.now());
    services.emit('documents.changed', { projectId });
  };
  const projectOf = (job: QueuedJob): ProjectStore => services.store.project(job.projectId!);
  const unread = (project: ProjectStore, spec: Spec): SourceRow[] =>
    spec.sourceIds.flatMap((id) => {
      const source = project.sources.get(id);
      return source?.state === 'reading' ? [source] : [];
    });

  return {
    stopAfterMs: 3000,
    silentAfterMs,
    async prepare(job, context) {
      const project = projectOf(job);
      await takeIn(project, job, context, () => tell(project.id));
      const spec = Spec.parse(job.spec);
      const waiting = unread(project, spec);
      if (waiting.length === 0) return { result: null };
      const input: JobTypes['import-documents']['input'] = {
        files: waiting.map((source) => ({
          sourceId: source.id,
          path: project.sources.originalFile(source.sha256),
          name: source.name,
          partsFile: project.sources.partsFile(source.id),
          options: { ...source.options, password: passwords.get(source.id) },
        })),
      };
      return { engine: 'import-documents', input, logFile: services.logFile };
    },
    event(job, name, payload) {
      if (name !== 'source') return;
      const project = projectOf(job);
      const event = payload as JobTypes['import-documents']['events']['source'];
      passwords.delete(event.sourceId);
      const { sourceId, ok, ...found } = event;
      if (ok)
        project.sources.update(sourceId, { ...(found as Partial<SourceRow>), state: 'read', failure: null });
      else {
        const failure = (found as { error: ErrorShape }).error;
        project.sources.update(sourceId, { state: 'failed', failure, ...readNothing });
      }
      tell(project.id);
    },
    recover(job, error) {
      const project = projectOf(job);
      const [culprit] = unread(project, Spec.parse(job.spec));
      if (!culprit) return false;
      project.sources.update(culprit.id, {
        state: 'failed',
        failure: explain(culprit.name, error),
        ...readNothing,
      });
      tell(project.id, true);
      return true;
    },
    async done(job) {
      const project = projectOf(job);
      const spec = Spec.parse(job.spec);
      tell(project.id, true);
      if (spec.sample) await afterSampleImport(services, project);
      const states = spec.sourceIds.map((id) => project.sources.get(id)?.state);
      return {
        read: states.filter((state) => state === 'read').length,
        failed: states.filter((state) => state === 'failed').length,
        sourceIds: spec.sourceIds,
        skipped: spec.skipped,
        knownIds: spec.knownIds,
        refused: spec.refused,
      };
    },
    ended(job, end) {
      if (end.state === 'interrupted') return; // it goes on at the next start
      const project = projectOf(job);
      const failure =
        end.error ??
        toErrorShape(new AppError('not-read', 'Reading was stopped before this file.', 'Read it again.'));
      for (const source of unread(project, Spec.parse(job.spec)))
        project.sources.update(source.id, { state: 'failed', failure });
      tell(project.id, true);
    },
  };
}

const readNothing = { characters: 0, words: 0, rows: null, columns: [], coverage: null };

/** Copies what is still in `spec.items` and moves it to `spec.sourceIds`; the spec says at any time what is left. */
async function takeIn(
  project: ProjectStore,
  job: QueuedJob,
  context: WorkContext,
  tell: () => void,
): Promise<void> {
  const spec = Spec.parse(job.spec);
  job.spec = spec;
  const files: Item[] = [];
  for (const item of spec.items) {
    if (existsSync(item.path)) files.push(...(await listFiles(item)));
    else spec.refused.push(`"${item.name}" is not there any more.`);
  }
  if (files.length === 0 && spec.sourceIds.length === 0)
    throw new AppError(
      'nothing-to-import',
      spec.refused[0] ?? 'The chosen folder holds no files.',
      'Choose files, or a folder that holds some.',
    );
  for (const [index, file] of files.entries()) {
    if (context.signal.aborted) throw new Error('stopped');
    context.progress({ progress: 0, position: `copying file ${index + 1} of ${files.length}` });
    try {
      await takeInOne(project, spec, file);
    } catch (error) {
      const { message, remedy } = toErrorShape(error);
      spec.refused.push(`${message} ${remedy}`.trim());
    }
    tell();
  }
  spec.items = [];
  context.save(); // before that, an interruption takes the files in again
  for (const file of files) if (file.temporary) await rm(file.path, { force: true });
}

async function takeInOne(project: ProjectStore, spec: Spec, file: Item): Promise<void> {
  const { sha256, bytes } = await keepOriginal(project, file);
  const known = project.sources.byContent(sha256);
  if (known?.state === 'reading' && file.replaces === undefined && !spec.sourceIds.includes(known.id)) {
    spec.sourceIds.push(known.id); // taken in before an interruption
    return;
  }
  if (known && known.id !== file.replaces && known.state !== 'failed') {
    spec.skipped.push(file.name === known.name ? file.name : `${file.name} (same content as ${known.name})`);
    if (!spec.knownIds.includes(known.id)) spec.knownIds.push(known.id);
    return;
  }
  const fresh = { name: file.name, format: null, bytes, sha256, state: 'reading' as const, failure: null };
  const target = file.replaces ?? known?.id;
  if (target !== undefined) {
    project.sources.update(target, { ...fresh, ...readNothing, ...(known ? {} : { rights: null }) });
    spec.sourceIds.push(target);
  } else {
    const id = newId();
    project.sources.insert({
      ...fresh,
      ...readNothing,
      id,
      language: null,
      rights: null,
      options: {},
      addedAt: Date.now(),
      removedAt: null,
    });
    spec.sourceIds.push(id);
  }
}

function explain(name: string, error: ErrorShape): ErrorShape {
  const remedy = 'Leave it out, or save it again in another program and add it once more.';
  if (error.code === 'engine-standstill')
    return {
      code: 'file-too-slow',
      message: `Reading "${name}" took more than ${silentAfterMs / 60_000} minutes and was ended.`,
      remedy,
    };
  if (error.code === 'engine-memory' || error.code === 'engine-killed')
    return {
      code: 'file-too-large',
      message: `Reading "${name}" needed more memory than it may have (2 GB).`,
      remedy,
    };
  return {
    code: 'file-crashed',
    message: `Reading "${name}" made the reader stop. ${error.message}`,
    remedy,
  };
}
