// Steps through a list one by one: "< record 12 of 148 >". Pager: {word, at, total, onChange, bare?}.
import { IconChevronLeft, IconChevronRight } from '@tabler/icons-react';
import { IconButton } from './button.tsx';
import { integer } from './format.ts';

export interface PagerProps {
  /** What is stepped through, such as "page" or "record". */
  word: string;
  /** 0-based. */
  at: number;
  total: number;
  onChange(at: number): void;
  /** Only the two arrows, where the position is shown elsewhere. */
  bare?: boolean;
}

export function Pager({ word, at, total, onChange, bare = false }: PagerProps) {
  return (
    <span className="row nowrap caption tabular">
      <IconButton
        size="small"
        icon={IconChevronLeft}
        label={`Previous ${word}`}
        aria-disabled={at <= 0 || undefined}
        onClick={() => at > 0 && onChange(at - 1)}
      />
      <span aria-live="polite" className={bare ? 'visuallyHidden' : undefined}>
        {word} {integer(total === 0 ? 0 : at + 1)} of {integer(total)}
      </span>
      <IconButton
        size="small"
        icon={IconChevronRight}
        label={`Next ${word}`}
        aria-disabled={at >= total - 1 || undefined}
        onClick={() => at < total - 1 && onChange(at + 1)}
      />
    </span>
  );
}
