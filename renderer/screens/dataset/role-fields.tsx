// What happens to conversations that many chat templates refuse: ones with a system text, and ones whose turns do not
// alternate. The Checks tab says which records the chosen model refuses.
import type { DatasetRecipe, RoleChoices } from '../../../main/contract/datasets.ts';
import { SelectField } from '../../components/field.tsx';
import { withRoles } from './words.ts';

interface RoleFieldsProps {
  recipe: DatasetRecipe;
  /** Absent for a frozen version. */
  onChange?: (next: DatasetRecipe, label: string) => void;
}

type Choices<Key extends keyof RoleChoices> = { value: RoleChoices[Key]; label: string }[];

const systemChoices: Choices<'system'> = [
  { value: 'keep', label: 'Stays as it is' },
  { value: 'merge', label: 'Goes in front of the first question' },
  { value: 'leave-out', label: 'The record is left out' },
];

const turnChoices: Choices<'turns'> = [
  { value: 'keep', label: 'Stay as they are' },
  { value: 'join', label: 'Are joined into one turn' },
  { value: 'leave-out', label: 'The record is left out' },
];

export function RoleFields({ recipe, onChange }: RoleFieldsProps) {
  const { system = 'keep', turns = 'keep' } = recipe.roles ?? {};
  return (
    <>
      <SelectField
        label="A system text"
        help="Some chat templates know no system role and refuse such records; merged, no word is lost. Chat with the trained model does the same."
        disabled={!onChange}
        data={systemChoices}
        value={system}
        onChange={(value) =>
          value && onChange?.(withRoles(recipe, { system: value as RoleChoices['system'] }), 'system texts')
        }
      />
      {recipe.shape.type === 'messages' && (
        <SelectField
          label="Successive turns of one speaker"
          help="Many chat templates want question and answer in turn, and refuse records where somebody speaks twice. Left out are all records whose turns do not alternate."
          disabled={!onChange}
          data={turnChoices}
          value={turns}
          onChange={(value) =>
            value &&
            onChange?.(withRoles(recipe, { turns: value as RoleChoices['turns'] }), 'successive turns')
          }
        />
      )}
    </>
  );
}
