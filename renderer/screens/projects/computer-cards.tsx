// What this computer is, what can be trained on it, and that nothing has left it.
import {
  IconCpu,
  IconDatabase,
  IconDeviceDesktop,
  IconPlugConnected,
  IconPlugConnectedX,
  IconStack2,
} from '@tabler/icons-react';
import { type ReactNode, useEffect, useState } from 'react';
import type { CallOutput } from '../../../main/contract/index.ts';
import type { Machine } from '../../../main/contract/settings.ts';
import { call } from '../../client/client.ts';
import { Card } from '../../components/card.tsx';
import { Chip, type Tone } from '../../components/chip.tsx';
import { bytes, count, percent, plural } from '../../components/format.ts';
import { Loading } from '../../components/loading.tsx';
import { useModels } from '../../state/models.ts';
import { hrefTo } from '../../state/route.ts';
import { useSettings } from '../../state/settings.ts';
import styles from './projects.module.css';

type Device = Machine['devices'][number];

export const deviceStates: Record<Device['state'], { word: string; tone: Tone }> = {
  ready: { word: 'Ready', tone: 'success' },
  passed: { word: 'Passed', tone: 'success' },
  checking: { word: 'Checking', tone: 'info' },
  'not-checked': { word: 'Not checked', tone: 'neutral' },
  refused: { word: 'Not used', tone: 'warning' },
  absent: { word: 'None', tone: 'neutral' },
};

export function ComputerCard() {
  const machine = useSettings((state) => state.machine);
  return (
    <Card
      title="This computer"
      aside={
        <a className="caption" href="#/settings/devices">
          Details
        </a>
      }
    >
      {machine ? <Parts machine={machine} /> : <Loading label="Reading what this computer has" />}
    </Card>
  );
}

function Parts({ machine }: { machine: Machine }) {
  const gpu = machine.devices.find((device) => device.provider !== 'cpu' && device.state !== 'absent');
  const cpu = machine.devices.find((device) => device.provider === 'cpu');
  const freeShare = machine.freeMemoryBytes / machine.memoryBytes;
  const diskLow = machine.freeDiskBytes < 2e9;
  return (
    <ul className={styles.parts}>
      <Part icon={IconCpu} name="Processor" chip={<Chip tone="success">Ready</Chip>}>
        {machine.cpu}, {plural(machine.cores, 'core')}
        {cpu?.detail && <br />}
        {cpu?.detail}
      </Part>
      <Part
        icon={IconDeviceDesktop}
        name="Graphics card"
        chip={gpu && <Chip tone={deviceStates[gpu.state].tone}>{deviceStates[gpu.state].word}</Chip>}
      >
        {gpu ? (
          <>
            {gpu.name}
            {gpu.memoryBytes ? `, ${bytes(gpu.memoryBytes)}` : ''}
            <br />
            {gpu.detail}
          </>
        ) : (
          'None found. The processor does all the work.'
        )}
      </Part>
      <Part
        icon={IconStack2}
        name="Memory"
        chip={<Chip tone={freeShare > 0.25 ? 'success' : 'warning'}>{percent(freeShare, 0)} free</Chip>}
      >
        {bytes(machine.memoryBytes)}, of which {bytes(machine.freeMemoryBytes)} are free now
      </Part>
      <Part
        icon={IconDatabase}
        name="Disk"
        chip={<Chip tone={diskLow ? 'warning' : 'success'}>{diskLow ? 'Short' : 'Enough'}</Chip>}
      >
        {bytes(machine.freeDiskBytes)} free
      </Part>
    </ul>
  );
}

interface PartProps {
  icon: typeof IconCpu;
  name: string;
  chip?: ReactNode;
  children: ReactNode;
}

function Part({ icon: Shape, name, chip, children }: PartProps) {
  return (
    <li className={styles.part}>
      <Shape size={18} stroke={1.75} aria-hidden />
      <div className="grow">
        <div className="row between">
          <span className="strong">{name}</span>
          {chip}
        </div>
        <p className="caption muted">{children}</p>
      </div>
    </li>
  );
}

const fitWords = {
  fits: { word: 'Fits', tone: 'success' },
  tight: { word: 'Tight', tone: 'warning' },
  'too-large': { word: 'Too large', tone: 'danger' },
} as const;

type Fit = CallOutput<'models.fit'>[number];

/** Every model on this computer with the memory that LoRA needs for it. */
export function FitsCard() {
  const models = useModels((state) => state.list);
  const usable = models.filter((model) => !model.problem).slice(0, 6);
  const ids = usable.map((model) => model.id).join(' ');
  const [fits, setFits] = useState<Record<string, Fit | undefined>>({});

  useEffect(() => {
    let current = true;
    for (const modelId of ids.split(' ').filter(Boolean)) {
      call('models.fit', { modelId })
        .then((list) => {
          const lora = list.find((fit) => fit.method === 'lora');
          if (current) setFits((before) => ({ ...before, [modelId]: lora }));
        })
        .catch(() => undefined);
    }
    return () => {
      current = false;
    };
  }, [ids]);

  if (usable.length === 0) return null;
  return (
    <Card title="What you can train here" aside={<a href={hrefTo('model')}>Models</a>}>
      <p className="caption muted">Estimates for LoRA on the processor, before a dataset is chosen.</p>
      <table className={styles.fits}>
        <thead>
          <tr>
            <th scope="col">Model</th>
            <th scope="col" className={styles.right}>
              Memory
            </th>
            <th scope="col" className={styles.right}>
              LoRA fit
            </th>
          </tr>
        </thead>
        <tbody>
          {usable.map((model) => {
            const fit = fits[model.id];
            return (
              <tr key={model.id}>
                <td>
                  {model.name}, {count(model.parameters)}
                </td>
                <td className={`${styles.right} nowrap`}>{fit ? bytes(fit.peakBytes) : '–'}</td>
                <td className={styles.right}>
                  {fit ? <Chip tone={fitWords[fit.verdict].tone}>{fitWords[fit.verdict].word}</Chip> : '–'}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </Card>
  );
}

export function SentCard() {
  const ledger = useSettings((state) => state.ledger);
  const sent = ledger?.reduce((sum, entry) => sum + entry.bytesOut, 0) ?? 0;
  const Shape = sent === 0 ? IconPlugConnectedX : IconPlugConnected;
  return (
    <Card grow>
      <div className={styles.sentTitle}>
        <Shape size={18} stroke={1.75} aria-hidden className={styles.sentIcon} />
        <h2>{sent === 0 ? 'Nothing has left this computer' : `${bytes(sent)} left this computer`}</h2>
      </div>
      <p className="caption muted">
        {plural(ledger?.length ?? 0, 'request')} since the first start. Only a download that you start uses
        the network.
      </p>
      <a className="caption" href="#/settings/ledger">
        Open the network ledger
      </a>
    </Card>
  );
}
