// What computes: the devices with the result of their check, and how much of the machine a run may take.
import { Slider } from '@mantine/core';
import { useEffect, useMemo, useState } from 'react';
import type { Machine } from '../../../main/contract/settings.ts';
import { call } from '../../client/client.ts';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { Chip } from '../../components/chip.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { NumberField } from '../../components/field.tsx';
import { bytes, dateTime, integer, missing, percent } from '../../components/format.ts';
import { Loading } from '../../components/loading.tsx';
import { ErrorNotice } from '../../components/notice.tsx';
import { ProgressBar } from '../../components/progress-bar.tsx';
import { hasEnded, useJobs, useLatestJob } from '../../state/jobs.ts';
import { useSettings } from '../../state/settings.ts';
import { deviceStates } from '../projects/computer-cards.tsx';
import { CudaLibrariesCard } from './cuda-libraries.tsx';
import { change } from './general.tsx';
import styles from './settings.module.css';
import { systemName } from './system-name.ts';

type Device = Machine['devices'][number];

const providerNames: Record<Device['provider'], string> = {
  cpu: 'Processor',
  webgpu: 'WebGPU',
  cuda: 'CUDA',
  dml: 'DirectML',
  coreml: 'CoreML',
};

type Checkable = 'webgpu' | 'cuda' | 'dml';

const checkable = (device: Device): device is Device & { provider: Checkable } =>
  device.state === 'not-checked' || device.state === 'passed' || device.state === 'refused';

const columnsWith = (check: (provider: Checkable) => void): Column<Device>[] => [
  { id: 'provider', label: 'Through', width: '110px', cell: (device) => providerNames[device.provider] },
  {
    id: 'name',
    label: 'Device',
    width: '18%',
    cell: (device) => <span className="strong">{device.name}</span>,
  },
  {
    id: 'memory',
    label: 'Memory',
    align: 'right',
    width: '96px',
    cell: (device) => (device.memoryBytes === null ? missing : bytes(device.memoryBytes)),
  },
  { id: 'driver', label: 'Driver', width: '130px', priority: 2, cell: (device) => device.driver ?? missing },
  {
    id: 'state',
    label: 'State',
    width: '120px',
    cell: (device) => <Chip tone={deviceStates[device.state].tone}>{deviceStates[device.state].word}</Chip>,
  },
  {
    id: 'detail',
    label: 'Why',
    help: 'A device is used only when it computes every operation as the processor does.',
    cell: (device) => (
      <span className="muted">
        {device.detail}
        {device.verdict !== null && ` Checked ${dateTime(device.verdict.time)}.`}
        {device.remedy && ` ${device.remedy}`}
      </span>
    ),
  },
  {
    id: 'check',
    label: 'Check',
    unlabelled: true,
    width: '150px',
    cell: (device) =>
      checkable(device) && (
        <Button size="small" onClick={() => check(device.provider)}>
          {device.verdict === null ? 'Check this device' : 'Check again'}
        </Button>
      ),
  },
];

export function DevicesPart() {
  const machine = useSettings((state) => state.machine);
  const settings = useSettings((state) => state.settings);
  const job = useLatestJob('device-check', null);
  const download = useLatestJob('download-cuda', null);
  const [fault, setFault] = useState<unknown>(null);
  const runs = job !== undefined && !hasEnded(job);
  // biome-ignore lint/correctness/useExhaustiveDependencies: read again when a check or a download begins or ends
  useEffect(() => {
    void useSettings.getState().loadMachine();
  }, [runs, download?.state]);
  const columns = useMemo(() => {
    const check = (provider: Checkable) => {
      setFault(null);
      call('devices.check', { provider }).then(useJobs.getState().put, setFault);
    };
    return columnsWith(check);
  }, []);
  if (!machine || !settings) {
    return (
      <Card label="Devices">
        <Loading label="Reading what this computer has" />
      </Card>
    );
  }
  return (
    <>
      {fault !== null && <ErrorNotice error={fault} />}
      {job?.state === 'failed' && job.error && !job.dismissed && <ErrorNotice error={job.error} />}
      {runs && (
        <Card title={job.title} divided className={styles.narrow}>
          <ProgressBar label={job.title} value={job.progress ?? 0} text={job.position} />
          <div className="row wrap between">
            <p className="caption muted grow">{job.position || 'It waits until nothing else computes.'}</p>
            <Button size="small" onClick={() => void call('jobs.cancel', { jobId: job.id }).catch(setFault)}>
              Cancel the check
            </Button>
          </div>
        </Card>
      )}
      <Card title="Devices" padded={false} sub={`${systemName(machine.platform)}, ${machine.cpu}`}>
        <DataTable
          label="Devices"
          rows={machine.devices}
          columns={columns}
          rowKey={(device) => `${device.provider}-${device.name}`}
        />
      </Card>
      <CudaLibrariesCard />
      <Card title="What a run may take" divided className={styles.narrow}>
        <NumberField
          label="Processor cores"
          help="0 takes all cores. Fewer leave the computer quicker for other work."
          unit={settings.threads === 0 ? `all ${integer(machine.cores)}` : `of ${integer(machine.cores)}`}
          min={0}
          max={machine.cores}
          allowDecimal={false}
          value={settings.threads}
          onChange={(threads) => typeof threads === 'number' && change({ threads })}
        />
        <MemoryShare share={settings.memoryShare} free={machine.freeMemoryBytes} />
      </Card>
    </>
  );
}

function MemoryShare({ share, free }: { share: number; free: number }) {
  const [value, setValue] = useState(share);
  return (
    <div>
      <p className="control" id="memory-share">
        Memory limit
      </p>
      <p className="caption muted">
        A run may plan with {percent(value, 0)} of the free memory, now {bytes(free * value)} of {bytes(free)}
        .
      </p>
      <Slider
        mt={8}
        min={0.3}
        max={0.95}
        step={0.05}
        value={value}
        label={(next) => percent(next, 0)}
        thumbProps={{ 'aria-labelledby': 'memory-share' }}
        onChange={setValue}
        onChangeEnd={(memoryShare) => change({ memoryShare })}
      />
    </div>
  );
}
