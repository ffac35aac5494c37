// What the draft and the frozen versions show alike: the choice of version, the tabs, and the clean tab.
import { Menu } from '@mantine/core';
import { IconCheck, IconChevronDown, IconPencil, IconSnowflake } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import type {
  DatasetRecipe,
  DatasetRecord,
  DatasetReport,
  DatasetVersion,
} from '../../../main/contract/datasets.ts';
import type { BaseModel } from '../../../main/contract/models.ts';
import { Button } from '../../components/button.tsx';
import { Chip } from '../../components/chip.tsx';
import { date, integer, plural } from '../../components/format.ts';
import { TabBar } from '../../components/tab-bar.tsx';
import { goTo, hrefTo } from '../../state/route.ts';
import { useCapabilities } from '../../state/settings.ts';
import { CleanPanel } from './clean-panel.tsx';
import styles from './dataset.module.css';
import { RecordCard, type RecordView } from './record-card.tsx';
import { StepCard } from './step-card.tsx';
import { pageSize, useRecords } from './use-records.ts';
import { splitWords, type Tab, totalRecords } from './words.ts';

const shapeShort = {
  completion: 'prompt and completion',
  chat: 'questions and answers',
  messages: 'conversations',
  chunks: 'running text',
  labelled: 'labelled text',
  preference: 'preference pairs',
};

interface DatasetTabsProps {
  view: string;
  tab: Tab;
  recipe: DatasetRecipe;
  report: DatasetReport | null;
  open: number;
}

export function DatasetTabs({ view, tab, recipe, report, open }: DatasetTabsProps) {
  const href = (id: Tab) => hrefTo('dataset', view, id);
  const steps = recipe.steps.filter((step) => step.enabled).length;
  return (
    <TabBar
      label="Parts of the dataset"
      current={tab}
      tabs={[
        { id: 'clean', label: 'Clean', href: href('clean'), chip: <Chip>{plural(steps, 'step')}</Chip> },
        {
          id: 'shape',
          label: 'Shape',
          href: href('shape'),
          chip: <Chip>{shapeShort[recipe.shape.type]}</Chip>,
        },
        {
          id: 'records',
          label: 'Records',
          href: href('records'),
          chip: report && <Chip>{integer(totalRecords(report))}</Chip>,
        },
        {
          id: 'splits',
          label: 'Splits',
          href: href('splits'),
          chip: <Chip>{splitWords(recipe.split)}</Chip>,
        },
        {
          id: 'checks',
          label: 'Checks',
          href: href('checks'),
          chip: report && (
            <Chip
              tone={report.leaks > 0 ? 'danger' : open > 0 ? 'warning' : 'success'}
              icon={open > 0 ? undefined : IconCheck}
            >
              {open > 0 ? `${open} to look at` : '0 leaks'}
            </Chip>
          ),
        },
      ]}
    />
  );
}

export function VersionMenu({
  versions,
  current,
}: {
  versions: DatasetVersion[];
  current: DatasetVersion | null;
}) {
  if (versions.length === 0) return null;
  return (
    <Menu position="bottom-end" width={300}>
      <Menu.Target>
        <Button iconAfter={IconChevronDown}>{current ? `Version ${current.number}` : 'Draft'}</Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item
          leftSection={<IconPencil size={16} stroke={1.75} aria-hidden />}
          onClick={() => goTo('dataset', 'draft')}
        >
          Draft of version {versions[0].number + 1}
        </Menu.Item>
        <Menu.Divider />
        {versions.map((version) => (
          <Menu.Item
            key={version.id}
            leftSection={<IconSnowflake size={16} stroke={1.75} aria-hidden />}
            onClick={() => goTo('dataset', version.id)}
          >
            Version {version.number}: {version.name}
            <br />
            <span className="caption muted">
              {plural(totalRecords(version.report), 'record')}, frozen {date(version.createdAt)}
            </span>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

interface CleanTabProps {
  projectId: string;
  versionId: string | null;
  recipe: DatasetRecipe;
  report: DatasetReport | null;
  previewed?: DatasetRecord[];
  model: BaseModel | null;
  working: boolean;
  seconds: number | null;
  onChange?: (next: DatasetRecipe, label: string) => void;
  onSources?: () => void;
  /** Under the record: the length chart. */
  chart?: ReactNode;
}

export function CleanTab(props: CleanTabProps) {
  const {
    projectId,
    versionId,
    recipe,
    report,
    previewed,
    model,
    working,
    seconds,
    onChange,
    onSources,
    chart,
  } = props;
  const known = useCapabilities()?.steps ?? [];
  const busiest = report?.steps.reduce<string | null>(
    (best, step) =>
      step.removed > (report.steps.find((one) => one.id === best)?.removed ?? 0) ? step.id : best,
    null,
  );
  const [picked, setPicked] = useState<string | null>(null);
  const chosen = picked ?? busiest ?? recipe.steps[0]?.id ?? null;
  const step = recipe.steps.find((one) => one.id === chosen);
  const label = known.find((one) => one.id === chosen)?.label ?? chosen ?? '';
  const [at, setAt] = useState(0);
  const [view, setView] = useState<RecordView>(versionId ? 'tokens' : 'parts');
  const page = Math.floor(at / pageSize);
  const { records, total } = useRecords({ projectId, versionId, split: 'all', find: '', page }, previewed);

  const setSteps =
    onChange && ((steps: DatasetRecipe['steps'], what: string) => onChange({ ...recipe, steps }, what));
  const move = (by: number) => {
    const from = recipe.steps.findIndex((one) => one.id === chosen);
    const to = from + by;
    if (!setSteps || from < 0 || to < 0 || to >= recipe.steps.length) return;
    const steps = [...recipe.steps];
    steps.splice(to, 0, ...steps.splice(from, 1));
    setSteps(steps, `move ${label}`);
  };

  return (
    <div className={styles.cleanColumns}>
      <CleanPanel
        recipe={recipe}
        report={report}
        known={known}
        chosen={chosen}
        onChoose={setPicked}
        onChange={setSteps}
        onSources={onSources}
        working={working}
        seconds={seconds}
      />
      <div className="stack">
        {step && (
          <StepCard
            key={step.id}
            step={step}
            known={known.find((one) => one.id === step.id)}
            result={report?.steps.find((one) => one.id === step.id)}
            onMove={setSteps && move}
            onOptions={
              setSteps &&
              ((options) =>
                setSteps(
                  recipe.steps.map((one) => (one.id === step.id ? { ...one, options } : one)),
                  `change ${label}`,
                ))
            }
          />
        )}
        <RecordCard
          projectId={projectId}
          versionId={versionId}
          model={model}
          record={records[at - page * pageSize]}
          at={at}
          total={total}
          onMove={setAt}
          view={view}
          onView={setView}
        >
          {chart}
        </RecordCard>
      </div>
    </div>
  );
}
