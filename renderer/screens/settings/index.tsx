// Settings: few, with effects at once. The address keeps the part: `settings/devices`, `settings/ledger`.
import { IconSettings } from '@tabler/icons-react';
import { ErrorNotice } from '../../components/notice.tsx';
import { ScreenHeader } from '../../components/screen-header.tsx';
import { TabBar } from '../../components/tab-bar.tsx';
import { useSettings } from '../../state/settings.ts';
import type { Screen, ScreenProps } from '../screen.ts';
import { AboutPart } from './about.tsx';
import { DevicesPart } from './devices.tsx';
import { GeneralPart } from './general.tsx';
import { LedgerPart } from './ledger.tsx';
import { StoragePart } from './storage.tsx';

const parts = [
  { id: 'general', label: 'General', Part: GeneralPart },
  { id: 'devices', label: 'Devices', Part: DevicesPart },
  { id: 'ledger', label: 'Network ledger', Part: LedgerPart },
  { id: 'storage', label: 'Storage and trash', Part: StoragePart },
  { id: 'about', label: 'Versions and licences', Part: AboutPart },
];

function Settings({ rest }: ScreenProps) {
  const error = useSettings((state) => state.error);
  const open = parts.find((part) => part.id === rest[0]) ?? parts[0];
  return (
    <div className="screen">
      <ScreenHeader title="Settings" sentence="Changes take effect at once and are kept on this computer." />
      <TabBar
        label="Parts of the settings"
        current={open.id}
        tabs={parts.map(({ id, label }) => ({ id, label, href: `#/settings/${id}` }))}
      />
      {error !== null && <ErrorNotice error={error} onRetry={() => void useSettings.getState().load()} />}
      <open.Part />
    </div>
  );
}

export const settingsScreen: Screen = {
  id: 'settings',
  title: 'Settings',
  icon: IconSettings,
  order: 20,
  place: 'foot',
  needsProject: false,
  Screen: Settings,
};
