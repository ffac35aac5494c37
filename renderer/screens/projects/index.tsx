// Projects, the home of the app: learn on the sample, start your own, go on where you were.
import {
  IconArrowRight,
  IconFileImport,
  IconFolderOpen,
  IconFolderPlus,
  IconHome,
  IconTrash,
} from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { Chip } from '../../components/chip.tsx';
import { FileDrop } from '../../components/file-drop.tsx';
import { integer } from '../../components/format.ts';
import { Loading } from '../../components/loading.tsx';
import { ErrorNotice } from '../../components/notice.tsx';
import { ScreenHeader } from '../../components/screen-header.tsx';
import { useProjects } from '../../state/projects.ts';
import { goToProject, useRoute } from '../../state/route.ts';
import { useSettings } from '../../state/settings.ts';
import { useScreenActions, useUi } from '../../state/ui.ts';
import { screens } from '../index.ts';
import type { Screen } from '../screen.ts';
import {
  archiveProject,
  exportProjectFile,
  importProjectFile,
  makeSample,
  openProjectFolder,
  projectFromDrop,
  removeProject,
} from './actions.ts';
import { ComputerCard, FitsCard, SentCard } from './computer-cards.tsx';
import { NameDialog, type Naming, TrashDialog } from './dialogs.tsx';
import { ProjectTable } from './project-table.tsx';
import styles from './projects.module.css';
import { SampleCard } from './sample-card.tsx';
import { StartCard } from './start-card.tsx';

function Projects() {
  const { list, trash, status, error } = useProjects();
  const importers = useSettings((state) => state.capabilities?.importers);
  const [naming, setNaming] = useState<Naming | null>(null);
  const [trashOpen, setTrashOpen] = useState(false);
  const [fault, setFault] = useState<unknown>(null);

  const run = (act: () => Promise<void>) => {
    setFault(null);
    act().catch(setFault);
  };

  const current = useRoute((state) => state.currentProjectId);
  const sample = list.find((project) => project.isSample && !project.problem);
  const others = list.filter((project) => !project.isSample);
  const firstStart = sample !== undefined && sample.runs === 0 && others.length === 0;
  const last = firstStart ? undefined : (list.find((one) => one.id === current && !one.problem) ?? list[0]);
  const nextTitle = screens.find((screen) => screen.step === last?.nextStep)?.title;

  useScreenActions(
    useMemo(
      () => [
        { id: 'open', label: 'Open a project folder', run: () => void openProjectFolder().catch(setFault) },
        { id: 'import', label: 'Import a project file', run: () => void importProjectFile().catch(setFault) },
        { id: 'trash', label: 'Open the trash', run: () => setTrashOpen(true) },
      ],
      [],
    ),
  );

  return (
    <div className="screen">
      <ScreenHeader
        title="Projects"
        sentence="A project is one folder on this computer. It holds the documents, datasets, runs and models of one goal."
        actions={
          last &&
          nextTitle && (
            <Button
              kind="primary"
              iconAfter={IconArrowRight}
              onClick={() => goToProject(last.id, last.nextStep)}
            >
              Go on: {nextTitle.toLowerCase()} in {last.name}
            </Button>
          )
        }
      />
      {fault !== null && <ErrorNotice error={fault} />}
      {status === 'failed' && (
        <ErrorNotice error={error} onRetry={() => void useProjects.getState().load()} />
      )}
      <div className="columns">
        <div className="stack">
          {sample && sample.runs === 0 && <SampleCard project={sample} first={firstStart} />}
          <h2>Start your own</h2>
          <div className={styles.starts}>
            <StartCard
              icon={IconFolderPlus}
              title="New project"
              sub="Name it, then add documents"
              onClick={() => useUi.setState({ newProjectOpen: true })}
            />
            <StartCard
              icon={IconFolderOpen}
              title="Open a project folder"
              sub="Also from another computer"
              onClick={() => run(openProjectFolder)}
            />
            <StartCard
              icon={IconFileImport}
              title="Import a project file"
              sub="One .tunesmith file"
              onClick={() => run(importProjectFile)}
            />
          </div>
          <Card
            grow
            padded={false}
            title="Your projects"
            sub={<Chip>{integer(list.length)}</Chip>}
            aside={
              <>
                <span className={styles.trashHint}>Deleted projects stay in the trash for 30 days</span>
                <Button size="small" kind="text" icon={IconTrash} onClick={() => setTrashOpen(true)}>
                  Trash, {integer(trash.length)}
                </Button>
              </>
            }
          >
            {status === 'loading' && (
              <div className={styles.pad}>
                <Loading label="Reading your projects" />
              </div>
            )}
            {list.length > 0 && (
              <div className={styles.tableArea}>
                <ProjectTable
                  projects={list}
                  actions={{
                    rename: (project) => setNaming({ project, what: 'rename' }),
                    duplicate: (project) => setNaming({ project, what: 'duplicate' }),
                    archive: (project, archived) => run(() => archiveProject(project, archived)),
                    exportFile: (project) => run(() => exportProjectFile(project)),
                    remove: (project) => run(() => removeProject(project)),
                    find: () => run(openProjectFolder),
                  }}
                />
              </div>
            )}
            <div className={styles.dropArea}>
              <FileDrop
                title="Or drop a folder of documents here"
                onTokens={projectFromDrop}
                onError={setFault}
              >
                This makes a new project and starts to read them.{' '}
                {importers && `${importers.map((one) => one.label).join(', ')}.`}
                {!sample && status === 'ready' && (
                  <span className={styles.sampleLink}>
                    New here?{' '}
                    <Button kind={list.length === 0 ? 'primary' : 'outline'} onClick={() => run(makeSample)}>
                      Make the sample project
                    </Button>
                  </span>
                )}
              </FileDrop>
            </div>
          </Card>
        </div>
        <div className="stack">
          <ComputerCard />
          <FitsCard />
          <SentCard />
        </div>
      </div>
      <NameDialog naming={naming} onClose={() => setNaming(null)} run={run} />
      <TrashDialog opened={trashOpen} onClose={() => setTrashOpen(false)} run={run} />
    </div>
  );
}

export const projectsScreen: Screen = {
  id: 'projects',
  title: 'Projects',
  icon: IconHome,
  order: 0,
  place: 'top',
  needsProject: false,
  Screen: Projects,
};
