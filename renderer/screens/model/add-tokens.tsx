// Adds tokens to a model: a dialog that takes one a line, and makes another model with rows for them.
import { Modal, Textarea } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { type FormEvent, useState } from 'react';
import type { BaseModel } from '../../../main/contract/models.ts';
import { call } from '../../client/client.ts';
import { Button } from '../../components/button.tsx';
import { plural } from '../../components/format.ts';
import { ErrorNotice } from '../../components/notice.tsx';
import { useModels } from '../../state/models.ts';
import { toast } from '../../state/ui.ts';
import { newTokens } from './words.ts';

interface AddTokensProps {
  model: BaseModel;
  /** The new model is in the list. */
  onAdded: (model: BaseModel) => void;
}

export function AddTokensButton({ model, onAdded }: AddTokensProps) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button size="small" icon={IconPlus} onClick={() => setOpen(true)}>
        Add tokens
      </Button>
      <Modal
        opened={open}
        onClose={() => setOpen(false)}
        title={`A model with more tokens than ${model.name}`}
        size={520}
      >
        {open && (
          <Form
            model={model}
            onClose={() => setOpen(false)}
            onAdded={(made) => {
              setOpen(false);
              onAdded(made);
            }}
          />
        )}
      </Modal>
    </>
  );
}

function Form({ model, onClose, onAdded }: AddTokensProps & { onClose: () => void }) {
  const [shown, setShown] = useState('');
  const [special, setSpecial] = useState('');
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const tokens = newTokens(shown, special);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      const made = await call('models.addTokens', { modelId: model.id, tokens });
      await useModels.getState().load();
      toast(`${made.name} is in the list.`);
      onAdded(made);
    } catch (thrown) {
      setError(thrown);
      setBusy(false);
    }
  };

  return (
    <form className="stack" onSubmit={(event) => void submit(event)}>
      {error !== null && <ErrorNotice error={error} />}
      <p className="caption muted">
        Words or marks of your texts become one token each. Their rows are new, so a run has to train them:
        the presets for the new model do. {model.name} stays as it is.
      </p>
      <Textarea
        label="Shown in answers, one a line"
        placeholder="<SECTION>"
        autosize
        minRows={3}
        maxRows={8}
        data-autofocus
        value={shown}
        onChange={(event) => setShown(event.currentTarget.value)}
      />
      <Textarea
        label="Left out of answers as people read them, one a line"
        placeholder="<|case|>"
        autosize
        minRows={2}
        maxRows={8}
        value={special}
        onChange={(event) => setSpecial(event.currentTarget.value)}
      />
      <div className="row" style={{ justifyContent: 'flex-end' }}>
        <Button onClick={onClose}>Cancel</Button>
        <Button kind="primary" type="submit" loading={busy} disabled={tokens.length === 0}>
          {tokens.length === 0 ? 'Add tokens' : `Add ${plural(tokens.length, 'token')}`}
        </Button>
      </div>
    </form>
  );
}
