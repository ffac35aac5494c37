// What the palette can find. The order here is the order of the list.
import { useEffect, useMemo, useState } from 'react';
import type { DatasetRecord } from '../../main/contract/datasets.ts';
import { call } from '../client/client.ts';
import { screens } from '../screens/index.ts';
import { useDatasets } from '../state/datasets.ts';
import { useDocuments } from '../state/documents.ts';
import { useProject, useProjects } from '../state/projects.ts';
import { goTo, goToProject, goToShellScreen, useRoute } from '../state/route.ts';
import { useRuns } from '../state/runs.ts';
import { useSettings } from '../state/settings.ts';
import { useUi } from '../state/ui.ts';
import { mod } from './keys.ts';
import type { Entry } from './palette-match.ts';

/** Settings by name, and the tab where they stand. */
const settingPlaces: [label: string, tab: string][] = [
  ['Theme: light, dark or as the system', 'general'],
  ['Single-letter keys', 'general'],
  ['Name in rights records', 'general'],
  ['Processor cores for training', 'devices'],
  ['Memory limit of a run', 'devices'],
  ['Devices and their checks', 'devices'],
  ['Network ledger', 'ledger'],
  ['Storage and trash', 'storage'],
  ['Version, licences, log file', 'about'],
];

export function useEntries(): Entry[] {
  const projectId = useRoute((state) => state.currentProjectId);
  const project = useProject(projectId);
  const projects = useProjects((state) => state.list);
  const runs = useRuns(projectId);
  const sources = useDocuments((state) => (state.projectId === projectId ? state.sources : noSources));
  const actions = useUi((state) => state.actions);
  const capabilities = useSettings((state) => state.capabilities);

  useEffect(() => {
    if (projectId && useDocuments.getState().projectId !== projectId)
      void useDocuments.getState().show(projectId);
  }, [projectId]);

  return useMemo(() => {
    const entries: Entry[] = [];
    for (const action of actions)
      entries.push({
        id: `action-${action.id}`,
        kind: 'Action',
        label: action.label,
        keys: action.keys,
        run: action.run,
      });
    for (const screen of screens) {
      if (screen.place === 'hidden' || (screen.needsProject && !project)) continue;
      entries.push({
        id: `screen-${screen.id}`,
        kind: 'Go to',
        label: screen.title,
        fact: screen.needsProject ? project?.name : undefined,
        keys: screen.step ? `${mod} ${screen.order}` : screen.id === 'settings' ? `${mod} ,` : undefined,
        run: () => (screen.needsProject ? goTo(screen.id) : goToShellScreen(screen.id)),
      });
    }
    entries.push({
      id: 'action-new-project',
      kind: 'Action',
      label: 'New project',
      run: () => useUi.setState({ newProjectOpen: true }),
    });
    for (const theme of ['light', 'dark', 'auto'] as const)
      entries.push({
        id: `action-theme-${theme}`,
        kind: 'Action',
        label: theme === 'auto' ? 'Use the theme of the system' : `Use the ${theme} theme`,
        run: () =>
          void useSettings
            .getState()
            .change({ theme })
            .catch(() => undefined),
      });
    for (const one of projects)
      entries.push({
        id: `project-${one.id}`,
        kind: 'Project',
        label: one.name,
        run: () => goToProject(one.id, one.nextStep),
      });
    for (const run of runs)
      entries.push({
        id: `run-${run.id}`,
        kind: 'Run',
        label: `Run ${run.number}: ${run.name}`,
        fact: run.state,
        run: () => goTo('run', run.id),
      });
    for (const source of sources)
      entries.push({
        id: `document-${source.id}`,
        kind: 'Document',
        label: source.name,
        run: () => goTo('documents', source.id),
      });
    for (const [label, tab] of settingPlaces)
      entries.push({
        id: `setting-${label}`,
        kind: 'Setting',
        label,
        run: () => goToShellScreen('settings', tab),
      });
    for (const [path, { label, help }] of Object.entries(capabilities?.settingHelp ?? {}))
      entries.push({
        id: `term-${path}`,
        kind: 'Term',
        label,
        fact: help,
        also: path,
        run: () => goTo('train'),
      });
    return entries;
  }, [actions, project, projects, runs, sources, capabilities]);
}

const noSources: never[] = [];

/** Records of the newest dataset version whose text holds what was typed (three characters or more). */
export function useRecordEntries(text: string): Entry[] {
  const projectId = useRoute((state) => state.currentProjectId);
  const version = useDatasets(projectId)[0];
  const [records, setRecords] = useState<DatasetRecord[]>([]);
  const find = text.trim();

  useEffect(() => {
    setRecords([]);
    if (!projectId || !version || find.length < 3) return;
    let current = true;
    call('datasets.records', { projectId, versionId: version.id, find, limit: 6 })
      .then((reply) => current && setRecords(reply.records))
      .catch(() => undefined);
    return () => {
      current = false;
    };
  }, [projectId, version, find]);

  return useMemo(
    () =>
      records.map((record) => ({
        id: `record-${record.id}`,
        kind: 'Record' as const,
        label: firstText(record).slice(0, 120),
        fact: record.provenance[0]?.place,
        run: () => goTo('dataset', version?.id ?? 'draft', 'records', find),
      })),
    [records, version, find],
  );
}

/** What stands for a record in a list: the question, the prompt or the text. */
export function firstText({ content }: DatasetRecord): string {
  if (content.type === 'completion') return content.prompt;
  if (content.type === 'chat' || content.type === 'preference')
    return (
      (content.messages.find((message) => message.role === 'user') ?? content.messages[0])?.content ?? ''
    );
  return content.text;
}
