// Connects the stores with the events of the backend, and loads what every screen needs. Called once.
import { onConnection } from '../client/client.ts';
import { listenToChat } from './chat.ts';
import { listenToDatasets, useDatasetsStore } from './datasets.ts';
import { listenToDocuments, useDocuments } from './documents.ts';
import { listenToEvaluations, useEvaluationsStore } from './evaluations.ts';
import { listenToExports, useExportsStore } from './exports.ts';
import { listenToJobs, useJobs } from './jobs.ts';
import { listenToModels, useModels } from './models.ts';
import { listenToProjects, useProjects } from './projects.ts';
import { listenToHash } from './route.ts';
import { listenToRuns, useRunsStore } from './runs.ts';
import { useSettings } from './settings.ts';
import { listenToConnection } from './ui.ts';

export function startStores(): void {
  listenToHash();
  listenToConnection();
  listenToProjects();
  listenToDocuments();
  listenToDatasets();
  listenToModels();
  listenToRuns();
  listenToEvaluations();
  listenToExports();
  listenToChat();
  listenToJobs();
  // The first connection loads everything; one after a break loads again what may have changed meanwhile.
  onConnection((state) => {
    if (state === 'open') void loadAll();
  });
}

async function loadAll(): Promise<void> {
  await Promise.all([
    useProjects.getState().load(),
    useJobs
      .getState()
      .load()
      .catch(() => undefined),
    useSettings.getState().load(),
    useModels.getState().load(),
    useDocuments.getState().refresh(),
    ...[useDatasetsStore, useRunsStore, useEvaluationsStore, useExportsStore].flatMap((store) =>
      Object.keys(store.getState().byProject).map((projectId) => store.getState().load(projectId)),
    ),
  ]);
}
