import { expect, test } from 'vitest';
import type { Message, RecordContent, RoleChoices } from '../../../main/contract/datasets.ts';
import { chosenTurns, repairsOf, roleCounts } from '../../../main/datasets/turns.ts';

const turn = (role: Message['role'], content: string): Message => ({ role, content });
const system = turn('system', 'Be brief.');
const ask = turn('user', 'Hi');
const answer = turn('assistant', 'Hello');
const keep: RoleChoices = { system: 'keep', turns: 'keep' };

function chosen(messages: Message[], choices: Partial<RoleChoices>) {
  const counts = { merged: 0, joined: 0, leftOut: 0 };
  const result = chosenTurns({ type: 'chat', messages }, { ...keep, ...choices }, counts);
  return {
    counts,
    repaired: result?.repaired,
    messages: result?.content.type === 'chat' && result.content.messages,
  };
}

test('a system text is put in front of the first question, and successive turns become one', () => {
  const both = chosen([system, ask, ask, answer], { system: 'merge', turns: 'join' });
  expect(both.messages).toEqual([turn('user', 'Be brief.\n\nHi\n\nHi'), answer]);
  expect(both.repaired).toEqual(['merge-system', 'join-turns']);
  expect(both.counts).toEqual({ merged: 1, joined: 1, leftOut: 0 });
  expect(chosen([ask, answer], { system: 'merge', turns: 'join' })).toMatchObject({
    repaired: [],
    counts: { merged: 0, joined: 0, leftOut: 0 },
  });
});

test('records are left out for a system text, or for turns that do not alternate', () => {
  const leavesSystem = { system: 'leave-out' } as const;
  const leavesTurns = { turns: 'leave-out' } as const;
  expect(chosen([system, ask, answer], leavesSystem).counts.leftOut).toBe(1);
  expect(chosen([ask, ask, answer], leavesSystem).counts.leftOut).toBe(0);
  for (const messages of [
    [ask, ask, answer],
    [answer, ask],
    [system, ask, answer, answer],
  ])
    expect(chosen(messages, leavesTurns).counts.leftOut).toBe(1);
  for (const messages of [
    [system, ask, answer],
    [ask, answer, ask, answer],
    [ask, answer, turn('tool', '4'), answer],
  ])
    expect(chosen(messages, leavesTurns).counts.leftOut).toBe(0);
});

test('a merged system text no longer counts against the record, and its turns are judged after the merge', () => {
  const merged = chosen([system, ask, answer], { system: 'merge', turns: 'leave-out' });
  expect(merged.messages).toEqual([turn('user', 'Be brief.\n\nHi'), answer]);
  const alone = chosen([system, answer], { system: 'merge', turns: 'leave-out' });
  expect(alone.counts.leftOut).toBe(1);
});

test('records that are no conversations stay as they are', () => {
  const text: RecordContent = { type: 'text', text: 'Hi', complete: true };
  const counts = { merged: 0, joined: 0, leftOut: 0 };
  expect(chosenTurns(text, { system: 'leave-out', turns: 'leave-out' }, counts)).toEqual({
    content: text,
    repaired: [],
  });
});

test('chat repairs what the choices of a dataset repaired, and never leaves anything out', () => {
  expect(repairsOf({ system: 'merge', turns: 'join' })).toEqual(['merge-system', 'join-turns']);
  expect(repairsOf({ system: 'leave-out', turns: 'leave-out' })).toEqual([]);
  expect(roleCounts({ merged: 7, joined: 0, leftOut: 1 })).toBe(
    'Roles: the system text of 7 records was put in front of the first question; 1 record left out for their roles.',
  );
});
