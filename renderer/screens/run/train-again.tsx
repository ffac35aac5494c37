// The ways to a new run from one that has ended, in one menu: the same again, with changes, or from its last weights.
import { Menu } from '@mantine/core';
import { IconChevronDown, IconCopy, IconEdit, IconPlayerTrackNext } from '@tabler/icons-react';
import { Button } from '../../components/button.tsx';

export interface TrainAgainProps {
  busy: boolean;
  onRepeat(): void;
  onChange(): void;
  /** Absent where there are no weights to start from. */
  onLonger?: () => void;
}

const shape = { size: 16, stroke: 1.75 } as const;

export function TrainAgain({ busy, onRepeat, onChange, onLonger }: TrainAgainProps) {
  return (
    <Menu position="bottom-end" width={330}>
      <Menu.Target>
        <Button iconAfter={IconChevronDown} loading={busy}>
          Train again
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Item icon={IconCopy} title="Repeat exactly" onClick={onRepeat}>
          The same data, model, settings and seed.
        </Item>
        <Item icon={IconEdit} title="Change and train again" onClick={onChange}>
          Opens the recipe on the Train screen.
        </Item>
        {onLonger && (
          <Item icon={IconPlayerTrackNext} title="Train longer" onClick={onLonger}>
            A new run that starts from the last weights of this one.
          </Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

interface ItemProps {
  icon: typeof IconCopy;
  title: string;
  children: string;
  onClick(): void;
}

function Item({ icon: Shape, title, children, onClick }: ItemProps) {
  return (
    <Menu.Item leftSection={<Shape {...shape} />} onClick={onClick}>
      {title}
      <span className="caption muted" style={{ display: 'block' }}>
        {children}
      </span>
    </Menu.Item>
  );
}
