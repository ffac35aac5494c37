// What a download would fetch: size, licence, destination, files, and whether the model fits. Nothing is fetched yet.
import { IconDownload } from '@tabler/icons-react';
import type { HubLookup } from '../../../main/contract/models.ts';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { Chip } from '../../components/chip.tsx';
import { bytes, count, plural } from '../../components/format.ts';
import { ErrorNotice, Notice } from '../../components/notice.tsx';
import styles from './model.module.css';
import { fitSentence, lookupFacts, verdictWords } from './words.ts';

export function LookupCard({ found, onDownload }: { found: HubLookup; onDownload: () => void }) {
  const lora = found.fits.find((fit) => fit.method === 'lora');
  return (
    <Card
      divided
      title={found.repository}
      sub={found.parameters === null ? undefined : `${count(found.parameters)} weights`}
      aside={
        <>
          {lora && (
            <Chip tone={verdictWords[lora.verdict].tone} hint={fitSentence(lora)}>
              {verdictWords[lora.verdict].label}
            </Chip>
          )}
          <Button
            kind="primary"
            icon={IconDownload}
            disabled={found.problem !== null}
            hint={found.problem?.message}
            onClick={onDownload}
          >
            {found.missingBytes === 0 ? 'Add to the list' : `Download ${bytes(found.missingBytes)}`}
          </Button>
        </>
      }
    >
      {found.problem && <ErrorNotice error={found.problem} />}
      {found.missingBytes > found.freeDiskBytes && (
        <Notice tone="warning">The disk has {bytes(found.freeDiskBytes)} free. Free some room first.</Notice>
      )}
      <dl className="facts">
        {lookupFacts(found).map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <details>
        <summary>{plural(found.files.length, 'file')}</summary>
        <ul className={styles.files}>
          {found.files.map((file) => (
            <li key={file.path}>
              <span className="mono">{file.path}</span>
              <span className="muted">
                {bytes(file.bytes)}
                {file.here && ', is here'}
              </span>
            </li>
          ))}
        </ul>
      </details>
    </Card>
  );
}
