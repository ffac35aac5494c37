// Versions of everything that computes, where the log lies, and the licences.
import { IconCopy } from '@tabler/icons-react';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { Loading } from '../../components/loading.tsx';
import { useSettings } from '../../state/settings.ts';
import { copyText } from '../../state/ui.ts';
import { LicencesCard } from './licences.tsx';
import styles from './settings.module.css';
import { systemName } from './system-name.ts';

const names: Record<string, string> = { tunesmith: 'Tunesmith', node: 'Node', onnxruntime: 'ONNX Runtime' };

export function AboutPart() {
  const machine = useSettings((state) => state.machine);
  if (!machine) {
    return (
      <Card label="Versions">
        <Loading label="Reading the versions" />
      </Card>
    );
  }
  const rows: [string, string][] = [
    ...Object.entries(machine.versions).map(([name, version]): [string, string] => [
      names[name] ?? name,
      version,
    ]),
    ['System', `${machine.platform.replace(/^\S+/, systemName)}, ${machine.cpu}`],
    ['Data folder', machine.homeFolder],
    ['Log file', machine.logFile],
  ];
  const copy = () => {
    const text = rows.map(([name, value]) => `${name}: ${value}`).join('\n');
    void copyText(text, 'The versions are copied.');
  };
  return (
    <>
      <Card
        title="Versions"
        divided
        className={styles.narrow}
        aside={
          <Button size="small" icon={IconCopy} onClick={copy}>
            Copy for a report
          </Button>
        }
      >
        <dl className={['facts', styles.versions].join(' ')}>
          {rows.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      </Card>
      <Card title="Licences" divided className={styles.narrow}>
        <p>Tunesmith is free software under the Apache License 2.0. You may use, change and share it.</p>
        <p className="muted">
          The parts that it is built from are free software under licences of their own, listed below. Models
          have theirs too: the Model screen shows them.
        </p>
      </Card>
      <LicencesCard />
    </>
  );
}
