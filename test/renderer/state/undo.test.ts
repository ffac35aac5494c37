import { beforeEach, expect, it } from 'vitest';
import { install } from '../../../renderer/client/client.ts';
import { createFake, type Fake } from '../../../renderer/client/fake.ts';
import { useUi } from '../../../renderer/state/ui.ts';
import { perform, redo, storedCall, undo, useUndo } from '../../../renderer/state/undo.ts';

const scope = 'documents/p1';
const leaveOut = (leftOut: boolean) =>
  storedCall('documents.leaveOut', { projectId: 'p1', sourceIds: ['s1'], leftOut });
const entry = { label: 'leave out “a.txt”', redo: [leaveOut(true)], undo: [leaveOut(false)] };
let fake: Fake;

beforeEach(() => {
  fake = createFake({ 'documents.leaveOut': () => [] });
  install(fake.transport);
  useUndo.setState({ stacks: {}, turns: {} });
});

const leftOut = () => fake.calls.map((one) => (one.input as { leftOut: boolean }).leftOut);

it('does a thing, takes it back, and does it again with calls of the contract', async () => {
  await perform(scope, entry, 'Left out.');
  await undo(scope);
  await redo(scope);
  expect(leftOut()).toEqual([true, false, true]);
});

it('offers Undo in the toast that confirms', async () => {
  await perform(scope, entry, 'Left out.');
  expect(useUi.getState().toast?.message).toBe('Left out.');
  await useUi.getState().toast?.undo?.();
  expect(leftOut()).toEqual([true, false]);
});

it('keeps stacks of screens and projects apart', async () => {
  await perform(scope, entry, 'Left out.');
  await undo('documents/p2');
  expect(leftOut()).toEqual([true]);
});

it('forgets what was undone once something new is done', async () => {
  await perform(scope, entry, 'Left out.');
  await undo(scope);
  await perform(scope, entry, 'Left out.');
  await redo(scope);
  expect(leftOut()).toEqual([true, false, true]);
});

it('tells screens that hold a copy to read it again', async () => {
  await perform(scope, entry, 'Left out.');
  expect(useUndo.getState().turns[scope]).toBeUndefined();
  await undo(scope);
  expect(useUndo.getState().turns[scope]).toBe(1);
});

it('holds only what can be stored, so that it survives a restart', async () => {
  await perform(scope, entry, 'Left out.');
  const { stacks } = useUndo.getState();
  expect(JSON.parse(JSON.stringify(stacks))).toEqual(stacks);
});
