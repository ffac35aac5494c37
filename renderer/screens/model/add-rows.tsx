// A model that was refused because its tokenizer has more tokens than rows, with the offer to add it with rows for them.
import { useState } from 'react';
import { errorParts } from '../../client/client.ts';
import { Button } from '../../components/button.tsx';
import { ErrorNotice } from '../../components/notice.tsx';

interface RefusedNoticeProps {
  error: unknown;
  /** Adds the same model with rows; it shows its own faults. Absent where that is not known. */
  onAddRows?: () => Promise<void>;
  onRetry?: () => void;
}

/** Any fault; only that one gets the offer. */
export function RefusedNotice({ error, onAddRows, onRetry }: RefusedNoticeProps) {
  const [busy, setBusy] = useState(false);
  const offered = onAddRows !== undefined && errorParts(error).code === 'tokenizer-rows';
  const add = async () => {
    setBusy(true);
    await onAddRows?.();
    setBusy(false);
  };
  return (
    <ErrorNotice
      error={error}
      onRetry={offered ? undefined : onRetry}
      actions={
        offered && (
          <Button size="small" kind="primary" loading={busy} onClick={() => void add()}>
            Add it with new rows
          </Button>
        )
      }
    />
  );
}
