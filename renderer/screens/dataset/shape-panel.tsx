// How a row or passage becomes a record: the kind of record, and templates over the columns, with a live example.
import { Textarea } from '@mantine/core';
import { useEffect, useId, useRef, useState } from 'react';
import type { DatasetRecipe, Shape } from '../../../main/contract/datasets.ts';
import type { CallOutput } from '../../../main/contract/index.ts';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { Chip } from '../../components/chip.tsx';
import { NumberField, SelectField, TextField } from '../../components/field.tsx';
import { Notice } from '../../components/notice.tsx';
import styles from './dataset.module.css';
import { RoleFields } from './role-fields.tsx';
import { fillTemplate, shapeWords, unknownColumns } from './words.ts';

type Suggestion = CallOutput<'datasets.suggest'>;

interface ShapePanelProps {
  recipe: DatasetRecipe;
  suggestion: Suggestion | null;
  /** Absent for a frozen version. */
  onChange?: (next: DatasetRecipe, label: string) => void;
}

/** The templates of each kind of record, in reading order. */
const templatesOf: Record<Shape['type'], { key: string; label: string; learned?: boolean }[]> = {
  completion: [
    { key: 'prompt', label: 'Prompt' },
    { key: 'completion', label: 'Completion', learned: true },
  ],
  chat: [
    { key: 'system', label: 'Instruction for every record (optional)' },
    { key: 'user', label: 'Question' },
    { key: 'assistant', label: 'Answer', learned: true },
  ],
  labelled: [
    { key: 'text', label: 'Text' },
    { key: 'pair', label: 'Second text, for pairs (optional)' },
    { key: 'label', label: 'Label', learned: true },
  ],
  preference: [
    { key: 'prompt', label: 'Prompt' },
    { key: 'chosen', label: 'Chosen answer', learned: true },
    { key: 'rejected', label: 'Rejected answer' },
  ],
  messages: [],
  chunks: [],
};

/** A shape of another kind, filled from the suggestion where that has one, else from the columns in order. */
function startShape(type: Shape['type'], suggestion: Suggestion | null): Shape {
  if (suggestion?.recipe.shape.type === type) return suggestion.recipe.shape;
  const [first = 'text', second = first, third = second] = (suggestion?.columns ?? []).map(
    (name) => `{${name}}`,
  );
  switch (type) {
    case 'chunks':
      return { type, tokens: 256, overlap: 32 };
    case 'messages':
      return {
        type,
        key: suggestion?.columns[0] ?? 'messages',
        roleKey: 'role',
        contentKey: 'content',
        roles: { system: 'system', user: 'user', assistant: 'assistant' },
      };
    case 'chat':
      return { type, system: '', user: first, assistant: second };
    case 'completion':
      return { type, prompt: first, completion: second };
    case 'labelled':
      return { type, text: first, label: second };
    case 'preference':
      return { type, prompt: first, chosen: second, rejected: third };
  }
}

export function ShapePanel({ recipe, suggestion, onChange }: ShapePanelProps) {
  const { shape } = recipe;
  const columns = suggestion?.columns ?? [];
  const setShape = (next: Shape, label: string) => onChange?.({ ...recipe, shape: next }, label);
  const differs = suggestion !== null && suggestion.recipe.shape.type !== shape.type;
  return (
    <div className={styles.twoColumns}>
      <Card title="How a row becomes a record" divided>
        <TextField
          label="Name of the dataset"
          value={recipe.name}
          readOnly={!onChange}
          maxLength={120}
          onChange={(event) => {
            if (event.currentTarget.value.trim())
              onChange?.({ ...recipe, name: event.currentTarget.value }, 'rename the dataset');
          }}
        />
        <SelectField
          label="Kind of record"
          help={shapeWords[shape.type].help}
          disabled={!onChange}
          data={Object.entries(shapeWords).map(([value, { label }]) => ({ value, label }))}
          value={shape.type}
          onChange={(type) =>
            type &&
            setShape(
              startShape(type as Shape['type'], suggestion),
              `shape as ${shapeWords[type as Shape['type']].label.toLowerCase()}`,
            )
          }
        />
        <p className="caption muted">{shapeWords[shape.type].help}</p>
        {suggestion && !differs && <p className="caption muted">{suggestion.why}</p>}
        {differs && onChange && (
          <Notice
            tone="info"
            actions={
              <Button
                size="small"
                onClick={() => setShape(suggestion.recipe.shape, 'take the suggested shape')}
              >
                Use {shapeWords[suggestion.recipe.shape.type].label.toLowerCase()}
              </Button>
            }
          >
            {suggestion.why}
          </Notice>
        )}
        <ShapeFields shape={shape} columns={columns} onChange={onChange && setShape} />
        {(shape.type === 'chat' || shape.type === 'messages') && (
          <RoleFields recipe={recipe} onChange={onChange} />
        )}
      </Card>
      <Example shape={shape} suggestion={suggestion} />
    </div>
  );
}

interface ShapeFieldsProps {
  shape: Shape;
  columns: string[];
  onChange?: (next: Shape, label: string) => void;
}

function ShapeFields({ shape, columns, onChange }: ShapeFieldsProps) {
  if (shape.type === 'chunks') {
    return (
      <>
        <NumberField
          label="Length of a piece"
          help="Longer pieces teach longer connections and need more memory."
          unit="tokens"
          min={16}
          max={8192}
          value={shape.tokens}
          disabled={!onChange}
          onChange={(tokens) =>
            typeof tokens === 'number' &&
            tokens >= 16 &&
            onChange?.({ ...shape, tokens: Math.round(tokens) }, 'length of pieces')
          }
        />
        <NumberField
          label="Overlap of pieces"
          help="Tokens that the next piece repeats, so that no sentence is cut apart for good."
          unit="tokens"
          min={0}
          max={4096}
          value={shape.overlap}
          disabled={!onChange}
          onChange={(overlap) =>
            typeof overlap === 'number' &&
            onChange?.({ ...shape, overlap: Math.round(overlap) }, 'overlap of pieces')
          }
        />
      </>
    );
  }
  if (shape.type === 'messages') {
    const field = (key: 'key' | 'roleKey' | 'contentKey', label: string, help: string) => (
      <TextField
        label={label}
        help={help}
        value={shape[key]}
        readOnly={!onChange}
        onChange={(event) => onChange?.({ ...shape, [key]: event.currentTarget.value }, label.toLowerCase())}
      />
    );
    return (
      <>
        {field('key', 'Column with the messages', 'The column or JSON key that holds the list of messages.')}
        {field(
          'roleKey',
          'Key of the speaker',
          'In each message, the key that says who speaks, such as role or from.',
        )}
        {field(
          'contentKey',
          'Key of the text',
          'In each message, the key that holds the text, such as content or value.',
        )}
        <p className="caption muted">
          Speakers:{' '}
          {Object.entries(shape.roles)
            .map(([name, role]) => `${name} is ${role}`)
            .join(', ')}
          .
        </p>
      </>
    );
  }
  return (
    <>
      {templatesOf[shape.type].map((template) => (
        <TemplateField
          key={`${shape.type}-${template.key}`}
          label={template.learned ? `${template.label}, learned` : template.label}
          value={(shape as unknown as Record<string, string | undefined>)[template.key] ?? ''}
          columns={columns}
          onChange={
            onChange &&
            ((text) => onChange({ ...shape, [template.key]: text }, `edit ${template.label.toLowerCase()}`))
          }
        />
      ))}
    </>
  );
}

interface TemplateFieldProps {
  label: string;
  value: string;
  columns: string[];
  onChange?: (text: string) => void;
}

/** A template; it takes effect when the field is left, so that one edit is one step of undo. */
function TemplateField({ label, value, columns, onChange }: TemplateFieldProps) {
  const [text, setText] = useState(value);
  const area = useRef<HTMLTextAreaElement>(null);
  const id = useId();
  useEffect(() => setText(value), [value]);
  const unknown = columns.length > 0 ? unknownColumns(text, columns) : [];

  const insert = (column: string) => {
    const at = area.current?.selectionStart ?? text.length;
    const next = `${text.slice(0, at)}{${column}}${text.slice(at)}`;
    setText(next);
    onChange?.(next);
  };

  return (
    <div className={styles.template}>
      <label htmlFor={id} className="control">
        {label}
      </label>
      <Textarea
        id={id}
        ref={area}
        autosize
        minRows={1}
        maxRows={8}
        maxLength={20_000}
        value={text}
        readOnly={!onChange}
        error={
          unknown.length > 0
            ? `There is no column ${unknown.map((name) => `“${name}”`).join(', ')}.`
            : undefined
        }
        onChange={(event) => setText(event.currentTarget.value)}
        onBlur={() => text !== value && onChange?.(text)}
      />
      {onChange && columns.length > 0 && (
        <div className="row wrap">
          <span className="caption muted">Insert</span>
          {columns.slice(0, 12).map((column) => (
            <Button
              key={column}
              size="small"
              aria-label={`Insert ${column} into ${label}`}
              onClick={() => insert(column)}
            >
              {column}
            </Button>
          ))}
        </div>
      )}
    </div>
  );
}

function Example({ shape, suggestion }: { shape: Shape; suggestion: Suggestion | null }) {
  const row = suggestion?.example;
  const templates = templatesOf[shape.type];
  return (
    <Card title="One row as a record" divided sub={row && <Chip>first row</Chip>}>
      {!row && <p className="muted">The example appears when a document with columns is chosen.</p>}
      {row && templates.length > 0 && (
        <ol className={styles.parts}>
          {templates.map(({ key, label, learned }) => {
            const template = (shape as unknown as Record<string, string>)[key];
            if (!template) return null;
            return (
              <li key={key} className={[styles.part, learned ? styles.learnedPart : ''].join(' ')}>
                <span className="caption strong">
                  {label}
                  {learned ? ', learned' : ''}
                </span>
                <p>{fillTemplate(template, row)}</p>
              </li>
            );
          })}
        </ol>
      )}
      {row && (
        <dl className={styles.rowCells}>
          {Object.entries(row).map(([column, value]) => (
            <div key={column}>
              <dt>{column}</dt>
              <dd>{value || <span className="faint">empty</span>}</dd>
            </div>
          ))}
        </dl>
      )}
    </Card>
  );
}
