// One line on a base in few bits: what it saves, and what it costs. Nothing for runs over the weights as they are.
import type { ReactNode } from 'react';
import type { Run } from '../../../main/contract/runs.ts';
import { Notice } from '../../components/notice.tsx';

export interface QuantizedBaseProps {
  run: Pick<Run, 'quantizedBase'>;
  /** What it means on this screen. */
  children?: ReactNode;
}

export function QuantizedBaseNotice({ run, children }: QuantizedBaseProps) {
  if (!run.quantizedBase) return null;
  return (
    <Notice tone="info">
      {run.quantizedBase.sentence}
      {children && <> {children}</>}
    </Notice>
  );
}
