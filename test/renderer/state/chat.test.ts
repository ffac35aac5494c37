import { beforeEach, expect, test } from 'vitest';
import type { ChatAnswer } from '../../../main/contract/chat.ts';
import { SamplingOptions } from '../../../main/contract/chat.ts';
import type { Message } from '../../../main/contract/datasets.ts';
import { CallError, install } from '../../../renderer/client/client.ts';
import { createFake } from '../../../renderer/client/fake.ts';
import {
  ask,
  clearConversation,
  conversationsFor,
  listenToChat,
  openChat,
  restoreTurns,
  setSystem,
  stopAnswer,
  type Turn,
  useChat,
} from '../../../renderer/state/chat.ts';

const answerOf = (columnId: string, text: string): ChatAnswer => ({
  columnId,
  text,
  promptTokens: 5,
  newTokens: 2,
  tokensPerSecond: 30,
  msToFirstToken: 100,
  finish: 'stop',
  tokens: [],
});

let sent: Record<string, Message[]>[] = [];
let reply: () => Promise<ChatAnswer[]> = async () => [];
const fake = createFake({
  'chat.open': ({ projectId, modelId, runIds }) => ({
    id: 'c1',
    projectId,
    modelId,
    columns: [
      { id: 'base', label: 'Base', runId: null },
      ...runIds.map((runId) => ({ id: runId, label: runId, runId })),
    ],
    contextLength: 512,
  }),
  'chat.send': ({ conversations }) => {
    sent.push(conversations as Record<string, Message[]>);
    return reply();
  },
  'chat.stop': () => ({}),
});
listenToChat();
install(fake.transport);
const options = SamplingOptions.parse({});
const turns = (): Turn[] => useChat.getState().byProject.p1?.turns ?? [];

beforeEach(async () => {
  sent = [];
  reply = async () => [answerOf('base', 'base says'), answerOf('r7', 'tuned says')];
  clearConversation('p1');
  setSystem('p1', '');
  await openChat('p1', 'm1', ['r7']);
});

test('each column sees its own answers and the common questions', () => {
  const history: Turn[] = [
    { id: 1, user: 'one', answers: { base: answerOf('base', 'B1'), r7: answerOf('r7', 'T1') } },
    { id: 2, user: 'two', answers: { base: answerOf('base', 'B2') } },
    { id: 3, user: 'three', answers: {} },
  ];
  const { base, r7 } = conversationsFor(['base', 'r7'], ' Be brief. ', history);
  expect(base?.map((message) => message.content)).toEqual([' Be brief. ', 'one', 'B1', 'two', 'B2', 'three']);
  expect(r7?.map((message) => message.content)).toEqual([' Be brief. ', 'one', 'T1', 'three']);
  expect(base?.map((message) => message.role)).toEqual([
    'system',
    'user',
    'assistant',
    'user',
    'assistant',
    'user',
  ]);
});

test('text streams into its column until the whole answers arrive', async () => {
  let finish: (answers: ChatAnswer[]) => void = () => undefined;
  reply = () => new Promise((resolve) => (finish = resolve));
  const asked = ask('hello', options);
  fake.emit('chat.delta', { sessionId: 'c1', columnId: 'r7', text: 'tun' });
  fake.emit('chat.delta', { sessionId: 'c1', columnId: 'r7', text: 'ed' });
  fake.emit('chat.delta', { sessionId: 'other', columnId: 'r7', text: 'x' });
  expect(useChat.getState().streaming).toEqual({ r7: 'tuned' });
  expect(useChat.getState().answering).toBe(turns()[0]?.id);
  await new Promise((resolve) => setTimeout(resolve, 1));
  finish([answerOf('base', 'b'), answerOf('r7', 'tuned')]);
  await asked;
  expect(turns()[0]?.answers.r7?.text).toBe('tuned');
  expect(useChat.getState()).toMatchObject({ streaming: {}, answering: null });
});

test('editing a question replaces it and everything after it', async () => {
  await ask('one', options);
  await ask('two', options);
  await ask('three', options);
  await ask('two again', options, { replacing: turns()[1]?.id });
  expect(turns().map((turn) => turn.user)).toEqual(['one', 'two again']);
  expect(sent.at(-1)?.r7?.map((message) => message.content)).toEqual(['one', 'tuned says', 'two again']);
});

test('a question on its own is sent without what was said before, and still joins the conversation', async () => {
  await ask('one', options);
  await ask('two', options, { alone: true });
  expect(sent.at(-1)?.r7?.map((message) => message.content)).toEqual(['two']);
  expect(turns().map((turn) => turn.user)).toEqual(['one', 'two']);
});

test('a second question waits for the first', async () => {
  const first = ask('one', options);
  await ask('two', options);
  await first;
  expect(turns().map((turn) => turn.user)).toEqual(['one']);
});

test('a failed answer keeps the question and says why; a closed session has to be opened again', async () => {
  reply = async () => {
    throw new CallError('context-too-long', 'The prompt has 600 tokens; the model takes 512.', 'Shorten it.');
  };
  await ask('long', options);
  expect(turns()[0]?.answers).toEqual({});
  expect(useChat.getState().error).toBeInstanceOf(CallError);
  expect(useChat.getState().session).not.toBeNull();
  reply = async () => {
    throw new CallError('chat-closed', 'This chat was closed.', 'Open it again.');
  };
  await ask('again', options);
  expect(useChat.getState().session).toBeNull();
});

test('a cleared conversation comes back with undo', async () => {
  await ask('one', options);
  const before = turns();
  clearConversation('p1');
  expect(turns()).toEqual([]);
  restoreTurns('p1', before);
  expect(turns()).toEqual(before);
});

test('stop asks the backend to end the answers of this session', async () => {
  await stopAnswer();
  expect(fake.calls.at(-1)).toEqual({ name: 'chat.stop', input: { sessionId: 'c1' } });
});
