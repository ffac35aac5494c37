// Reads one file again with the user's own choice of encoding, delimiter or scope, where the guess was wrong.
import { Modal } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import type { Source } from '../../../main/contract/documents.ts';
import { Button } from '../../components/button.tsx';
import { CheckField, SelectField } from '../../components/field.tsx';
import { reread } from './actions.ts';

interface RereadDialogProps {
  projectId: string;
  source: Source | null;
  onClose(): void;
  onError(error: unknown): void;
}

const encodings = [
  'utf-8',
  'windows-1252',
  'iso-8859-1',
  'iso-8859-15',
  'utf-16le',
  'utf-16be',
  'windows-1250',
  'windows-1251',
  'koi8-r',
  'shift_jis',
  'euc-jp',
  'gb18030',
  'big5',
  'euc-kr',
];

const delimiters = [
  { value: ',', label: 'Comma' },
  { value: ';', label: 'Semicolon' },
  { value: '\t', label: 'Tab' },
  { value: '|', label: 'Bar' },
];

export function RereadDialog({ projectId, source, onClose, onError }: RereadDialogProps) {
  return (
    <Modal opened={source !== null} onClose={onClose} title={`Read “${source?.name ?? ''}” again`}>
      {source && <Form projectId={projectId} source={source} onClose={onClose} onError={onError} />}
    </Modal>
  );
}

function Form({ projectId, source, onClose, onError }: RereadDialogProps & { source: Source }) {
  const [encoding, setEncoding] = useState(source.coverage?.encoding?.toLowerCase() ?? '');
  const [delimiter, setDelimiter] = useState(source.coverage?.delimiter ?? '');
  const [wholePage, setWholePage] = useState(false);
  const asksEncoding = source.coverage?.encoding != null || source.state === 'failed';
  const asksDelimiter = source.coverage?.delimiter != null;
  const asksPage = source.format === 'html';

  const submit = (event: FormEvent) => {
    event.preventDefault();
    onClose();
    reread(projectId, source, {
      encoding: asksEncoding && encoding ? encoding : undefined,
      delimiter: asksDelimiter && delimiter ? delimiter : undefined,
      wholePage: asksPage ? wholePage : undefined,
    }).catch(onError);
  };

  return (
    <form className="stack" onSubmit={submit}>
      {asksEncoding && (
        <SelectField
          label="Encoding"
          help="How the bytes of the file spell characters. A wrong one shows as odd letters such as Ã¼."
          searchable
          data={[...new Set([encoding, ...encodings])].filter(Boolean)}
          value={encoding || null}
          onChange={(value) => setEncoding(value ?? '')}
        />
      )}
      {asksDelimiter && (
        <SelectField
          label="Columns are parted by"
          data={delimiters}
          value={delimiter}
          onChange={(value) => setDelimiter(value ?? '')}
        />
      )}
      {asksPage && (
        <CheckField
          label="Take the whole page, with menus and footers"
          help="Otherwise only the main article is kept."
          checked={wholePage}
          onChange={setWholePage}
        />
      )}
      {!asksEncoding && !asksDelimiter && !asksPage && (
        <p className="muted">
          This format leaves nothing to choose. Reading it again takes the newest reader.
        </p>
      )}
      <div className="row" style={{ justifyContent: 'flex-end' }}>
        <Button onClick={onClose}>Cancel</Button>
        <Button kind="primary" type="submit">
          Read it again
        </Button>
      </div>
    </form>
  );
}
