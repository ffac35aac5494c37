// Documents: bring in files, see what was read of each, and record the right to use them.
import { Menu } from '@mantine/core';
import {
  IconArrowRight,
  IconFilePlus,
  IconFiles,
  IconFolderPlus,
  IconFolderSymlink,
  IconTrash,
} from '@tabler/icons-react';
import { useEffect, useMemo, useState } from 'react';
import type { Source } from '../../../main/contract/documents.ts';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { Empty } from '../../components/empty.tsx';
import { SearchField, Segments } from '../../components/field.tsx';
import { FileDrop } from '../../components/file-drop.tsx';
import { integer, plural } from '../../components/format.ts';
import { ErrorNotice, Notice } from '../../components/notice.tsx';
import { ScreenHeader } from '../../components/screen-header.tsx';
import { type DocumentFilter, useDocuments } from '../../state/documents.ts';
import { goTo, useProjectId } from '../../state/route.ts';
import { useSettings } from '../../state/settings.ts';
import { useScreenActions } from '../../state/ui.ts';
import type { Screen, ScreenProps } from '../screen.ts';
import { addFiles, addFolder, addPath, importTokens, leaveOut, removeSources } from './actions.ts';
import { Counts } from './counts.tsx';
import styles from './documents.module.css';
import { Preview } from './preview.tsx';
import { RereadDialog } from './reread-dialog.tsx';
import { RightsDialog } from './rights-dialog.tsx';
import { SourceTable } from './table.tsx';

function Documents({ rest }: ScreenProps) {
  const projectId = useProjectId();
  const { sources, counts, total, status, error, filter } = useDocuments();
  const capabilities = useSettings((state) => state.capabilities);
  const [find, setFind] = useState('');
  const [chosen, setChosen] = useState<string[]>([]);
  const [rightsOf, setRightsOf] = useState<Source[] | null>(null);
  const [rereading, setRereading] = useState<Source | null>(null);
  const [fault, setFault] = useState<unknown>(null);

  useEffect(() => {
    void useDocuments.getState().show(projectId, 'all');
  }, [projectId]);
  useEffect(() => {
    if (rest[0]) setChosen([rest[0]]);
  }, [rest]);

  const shown = useMemo(() => {
    const words = find.trim().toLowerCase();
    return words ? sources.filter((source) => source.name.toLowerCase().includes(words)) : sources;
  }, [sources, find]);
  const selected = useMemo(() => new Set(chosen), [chosen]);
  const chosenSources = sources.filter((source) => selected.has(source.id));
  const open = chosenSources.at(-1) ?? shown.find((source) => source.state === 'read') ?? shown[0];
  const withoutRights = sources.filter((source) => source.rights === null && source.state === 'read');

  const run = (act: Promise<void>) => {
    setFault(null);
    act.catch(setFault);
  };
  const select = (source: Source, how: 'only' | 'add' | 'upTo') => {
    if (how === 'only') return setChosen([source.id]);
    if (how === 'add')
      return setChosen((before) =>
        before.includes(source.id) ? before.filter((id) => id !== source.id) : [...before, source.id],
      );
    const from = shown.findIndex((one) => one.id === chosen[0]);
    const to = shown.indexOf(source);
    const between = shown.slice(Math.min(from, to), Math.max(from, to) + 1).map((one) => one.id);
    setChosen(from < 0 ? [source.id] : [chosen[0], ...between.filter((id) => id !== chosen[0])]);
  };

  useScreenActions(
    useMemo(
      () => [
        { id: 'files', label: 'Add files', run: () => void addFiles(projectId).catch(setFault) },
        { id: 'folder', label: 'Add a folder', run: () => void addFolder(projectId).catch(setFault) },
      ],
      [projectId],
    ),
  );

  const usable = (counts?.read ?? 0) - (counts?.noRights ?? 0);
  const nothing = counts !== null && counts.all === 0;
  const blocked = nothing
    ? 'Add files first: a dataset is made from them.'
    : usable > 0
      ? undefined
      : (counts?.read ?? 0) > 0
        ? 'No file has a rights record yet. Record the rights first.'
        : 'No file has been read yet.';

  return (
    <FileDrop
      title="Drop to add these files to the project"
      onTokens={(tokens) => importTokens(projectId, tokens)}
      onError={setFault}
      around={
        <div className="screen">
          <ScreenHeader
            title="Documents"
            sentence="Add the files that the model should learn from. They are copied into the project and never sent anywhere."
            actions={
              <>
                <Button icon={IconFolderPlus} onClick={() => run(addFolder(projectId))}>
                  Add a folder
                </Button>
                <Button
                  icon={IconFilePlus}
                  kind={nothing ? 'primary' : 'outline'}
                  onClick={() => run(addFiles(projectId))}
                >
                  Add files
                </Button>
                {!nothing && (
                  <Button
                    kind="primary"
                    iconAfter={IconArrowRight}
                    disabled={blocked !== undefined}
                    hint={blocked}
                    onClick={() => goTo('dataset')}
                  >
                    Build the dataset
                  </Button>
                )}
              </>
            }
          />
          {fault !== null && <ErrorNotice error={fault} />}
          {status === 'failed' && (
            <ErrorNotice error={error} onRetry={() => void useDocuments.getState().refresh()} />
          )}
          {counts && !nothing && <Counts counts={counts} sources={sources} filter={filter} />}
          {withoutRights.length > 0 && (
            <Notice
              tone="warning"
              inline
              title={`${plural(withoutRights.length, 'file')} without a rights record ${withoutRights.length === 1 ? 'is' : 'are'} not used.`}
              actions={
                <Button size="small" onClick={() => setRightsOf(withoutRights)}>
                  Record the rights of {plural(withoutRights.length, 'file')}
                </Button>
              }
            >
              Say once on what basis you may train on {withoutRights.length === 1 ? 'it' : 'them'}.
            </Notice>
          )}
          {status === 'failed' && counts === null ? null : nothing ? (
            <Card grow label="No documents yet">
              <Empty
                icon={IconFiles}
                title="Drop files or a folder anywhere on this screen"
                actions={
                  <>
                    <Button icon={IconFilePlus} onClick={() => run(addFiles(projectId))}>
                      Choose files
                    </Button>
                    {capabilities?.shell === 'browser' && (
                      <Button icon={IconFolderSymlink} onClick={() => run(addPath(projectId))}>
                        Add a folder by its path
                      </Button>
                    )}
                  </>
                }
              >
                {capabilities?.importers.map((one) => one.label).join(', ') ?? 'Many formats'}: Tunesmith
                reads them, and says for each file what it could not read. To look around first,{' '}
                <a href="#/projects">open the sample</a>.
              </Empty>
            </Card>
          ) : (
            <div className={[styles.columns, open ? '' : styles.alone].join(' ')}>
              <Card grow padded={false} label="Files">
                <div className={styles.tools}>
                  <SearchField
                    label="Filter by name"
                    value={find}
                    onChange={setFind}
                    className={styles.find}
                  />
                  <Segments
                    label="Which files"
                    value={filter}
                    onChange={(next: DocumentFilter) => void useDocuments.getState().show(projectId, next)}
                    options={[
                      { value: 'all', label: `All ${integer(counts?.all ?? 0)}` },
                      { value: 'failed', label: `Failed ${integer(counts?.failed ?? 0)}` },
                      { value: 'no-rights', label: `No rights ${integer(counts?.noRights ?? 0)}` },
                      { value: 'left-out', label: `Left out ${integer(counts?.leftOut ?? 0)}` },
                    ]}
                  />
                  <span className="grow" />
                  {capabilities?.shell === 'browser' && (
                    <Button
                      size="small"
                      kind="text"
                      icon={IconFolderSymlink}
                      hint="Reads a folder of this computer without sending its files through the browser."
                      onClick={() => run(addPath(projectId))}
                    >
                      Add by path
                    </Button>
                  )}
                </div>
                <div className={styles.tableArea}>
                  <SourceTable
                    projectId={projectId}
                    sources={shown}
                    selected={selected.size > 0 || !open ? selected : new Set([open.id])}
                    onSelect={select}
                    loading={status === 'loading'}
                    total={find ? shown.length : total}
                    onError={setFault}
                    empty={<Empty title="No file matches">Change the filter, or clear what you typed.</Empty>}
                    footer={
                      <Selection
                        projectId={projectId}
                        sources={chosenSources}
                        all={total}
                        onRights={() => setRightsOf(chosenSources)}
                        run={run}
                      />
                    }
                  />
                </div>
              </Card>
              {open && (
                <Preview
                  key={open.id}
                  projectId={projectId}
                  source={open}
                  onRights={() => setRightsOf([open])}
                  onReread={() => setRereading(open)}
                />
              )}
            </div>
          )}
          <RightsDialog projectId={projectId} sources={rightsOf} onClose={() => setRightsOf(null)} />
          <RereadDialog
            projectId={projectId}
            source={rereading}
            onClose={() => setRereading(null)}
            onError={setFault}
          />
        </div>
      }
    />
  );
}

interface SelectionProps {
  projectId: string;
  sources: Source[];
  all: number;
  onRights(): void;
  run(act: Promise<void>): void;
}

/** What is chosen, and what can be done with all of it. */
function Selection({ projectId, sources, all, onRights, run }: SelectionProps) {
  if (sources.length === 0) return <span>{plural(all, 'file')}</span>;
  const allLeftOut = sources.every((source) => source.state === 'left-out');
  return (
    <span className="row wrap">
      <span>
        {integer(sources.length)} of {integer(all)} selected
      </span>
      <Button size="small" onClick={onRights}>
        Record the rights
      </Button>
      <Menu position="top-start" width={220}>
        <Menu.Target>
          <Button size="small">More</Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => run(leaveOut(projectId, sources, !allLeftOut))}>
            {allLeftOut ? 'Use again' : 'Leave out'}
          </Menu.Item>
          <Menu.Item
            leftSection={<IconTrash size={16} stroke={1.75} aria-hidden />}
            onClick={() => run(removeSources(projectId, sources))}
          >
            Remove from the project
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </span>
  );
}

export const documentsScreen: Screen = {
  id: 'documents',
  title: 'Documents',
  icon: IconFiles,
  order: 1,
  step: 'documents',
  place: 'journey',
  needsProject: true,
  Screen: Documents,
};
