// Around the job that writes a tuned model for other programs: makes the export's row and its folder's name, hands
// over the lineage for the model card, and keeps the result of the comparison with the live model.
import { readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type Export, ExportBase } from '../../contract/exports.ts';
import { AppError } from '../../errors.ts';
import type { JobTypes } from '../../jobs/job.ts';
import type { JobHooks, QueuedJob } from '../../jobs/queue.ts';
import type { ProjectStore } from '../../store/index.ts';
import { newId } from '../../store/rows.ts';
import { findModel, findRun, findVersion } from '../lookup.ts';
import { tunedWeights, weightsAsTrained } from '../run-folder.ts';
import type { Services } from '../services.ts';

const Spec = z.looseObject({
  exportId: z.string(),
  checkpoint: z.enum(['best', 'last']),
  base: ExportBase.default('original'),
});

export interface ExportRequest {
  projectId: string;
  runId: string;
  format: string;
  options: Record<string, unknown>;
  checkpoint: 'best' | 'last';
  /** The original weights unless given. */
  base?: ExportBase;
}

export function startExport(services: Services, request: ExportRequest): Export {
  const project = services.store.project(request.projectId);
  const run = findRun(project, request.runId);
  tunedWeights(project, run, request.checkpoint); // says at once when there is nothing to export
  const row: Omit<Export, 'projectId'> = {
    id: newId(),
    runId: run.id,
    format: request.format,
    options: request.options,
    state: 'queued',
    jobId: null,
    folder: freeName(project, `run-${run.number}-${request.format.replace(/[^a-z0-9-]/gi, '-')}`),
    files: [],
    bytes: 0,
    parity: null,
    error: null,
    createdAt: Date.now(),
  };
  project.exports.insert(row);
  const job = services.queue.start({
    kind: 'export',
    lane: 'heavy',
    projectId: project.id,
    subjectId: row.id,
    title: `Export run ${run.number}`,
    spec: { exportId: row.id, checkpoint: request.checkpoint, base: request.base ?? 'original' },
  });
  return update(services, project.id, row.id, { jobId: job.id });
}

export function findExport(services: Services, projectId: string, exportId: string): Export {
  const found = services.store.project(projectId).exports.get(exportId);
  if (found) return found;
  throw new AppError(
    'export-unknown',
    'This export is not in the project any more.',
    'Export the run again.',
  );
}

type Change = Partial<Omit<Export, 'id' | 'projectId' | 'folder'>>;

function update(services: Services, projectId: string, id: string, change: Change): Export {
  services.store.project(projectId).exports.update(id, change);
  const updated = findExport(services, projectId, id);
  services.emit('export.changed', updated);
  return updated;
}

export function exportHooks(services: Services): JobHooks {
  const change = (job: QueuedJob, fields: Change) => update(services, job.projectId!, job.subjectId!, fields);
  return {
    stopAfterMs: 5000,
    async prepare(job) {
      const { checkpoint, base } = Spec.parse(job.spec);
      const project = services.store.project(job.projectId!);
      const made = findExport(services, project.id, job.subjectId!);
      const run = findRun(project, made.runId);
      const model = findModel(services, run.recipe.modelId);
      const version = findVersion(project, run.recipe.versionId);
      const [evaluation] = project.evaluations.list(run.id).filter((one) => one.state === 'finished');
      const input: JobTypes['export']['input'] = {
        format: made.format,
        options: made.options,
        modelFolder: model.folder,
        tuned: weightsAsTrained(services.store.home, project, run, checkpoint),
        base,
        folder: made.folder,
        lineage: {
          project: project.row.find()?.name,
          run: { number: run.number, name: run.name, step: run.step, bestStep: run.bestStep, checkpoint },
          settings: run.recipe.settings,
          versions: run.lineage,
          model: { name: model.name, licence: model.licence, parameters: model.parameters },
          dataset: {
            name: version.name,
            number: version.number,
            hash: version.hash,
            records: version.report.records,
            rights: rightsOf(project, version.recipe.sourceIds),
          },
          evaluation: evaluation && {
            split: evaluation.split,
            records: evaluation.records,
            verdict: evaluation.verdict,
            results: evaluation.results,
          },
        },
      };
      return { engine: 'export', input, logFile: services.logFile };
    },
    started: (job) => void change(job, { state: 'running' }),
    done(job, output) {
      const { files, parity } = output as JobTypes['export']['result'];
      const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
      const made = change(job, { state: 'finished', files, bytes, parity });
      services.emit('projects.changed', { projectId: job.projectId });
      return { exportId: made.id, folder: made.folder };
    },
    async ended(job, { state, error }) {
      const made = change(job, { state: state === 'cancelled' ? 'cancelled' : 'failed', error });
      await rm(made.folder, { recursive: true, force: true });
    },
  };
}

function rightsOf(
  project: ProjectStore,
  sourceIds: string[],
): { source: string; basis: string; who: string }[] {
  return sourceIds.flatMap((id) => {
    const source = project.sources.get(id);
    return source?.rights
      ? [{ source: source.name, basis: source.rights.basis, who: source.rights.who }]
      : [];
  });
}

function freeName(project: ProjectStore, name: string): string {
  const taken = new Set([
    ...readdirSync(join(project.folder, 'exports')),
    ...project.exports.list(null).map((one) => one.folder.split(/[\\/]/).at(-1)!),
  ]);
  let candidate = name;
  for (let i = 2; taken.has(candidate); i++) candidate = `${name}-${i}`;
  return candidate;
}
