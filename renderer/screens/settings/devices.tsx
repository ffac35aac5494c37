// What computes: the devices with the result of their check, and how much of the machine a run may take.
import { Slider } from '@mantine/core';
import { useEffect, useState } from 'react';
import type { Machine } from '../../../main/contract/settings.ts';
import { Card } from '../../components/card.tsx';
import { Chip } from '../../components/chip.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { NumberField } from '../../components/field.tsx';
import { bytes, integer, missing, percent } from '../../components/format.ts';
import { Loading } from '../../components/loading.tsx';
import { useSettings } from '../../state/settings.ts';
import { deviceStates } from '../projects/computer-cards.tsx';
import { change } from './general.tsx';
import styles from './settings.module.css';

type Device = Machine['devices'][number];

const providerNames: Record<Device['provider'], string> = {
  cpu: 'Processor',
  webgpu: 'WebGPU',
  cuda: 'CUDA',
  dml: 'DirectML',
};

const columns: Column<Device>[] = [
  { id: 'provider', label: 'Through', width: '110px', cell: (device) => providerNames[device.provider] },
  {
    id: 'name',
    label: 'Device',
    width: '24%',
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
    cell: (device) => <span className="muted">{device.detail}</span>,
  },
];

export function DevicesPart() {
  const machine = useSettings((state) => state.machine);
  const settings = useSettings((state) => state.settings);
  useEffect(() => {
    void useSettings.getState().loadMachine();
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
      <Card title="Devices" padded={false} sub={`${machine.platform}, ${machine.cpu}`}>
        <DataTable
          label="Devices"
          rows={machine.devices}
          columns={columns}
          rowKey={(device) => `${device.provider}-${device.name}`}
        />
      </Card>
      <Card title="What a run may take" divided className={styles.narrow}>
        <NumberField
          label="Processor cores"
          help="0 takes all cores. Fewer leave the computer quicker for other work."
          unit={`of ${integer(machine.cores)}`}
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
