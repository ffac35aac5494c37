// What the chat offers for each kind of model, drawn to text: only what the model reads.
import { MantineProvider } from '@mantine/core';
import { renderToStaticMarkup } from 'react-dom/server';
import { expect, test } from 'vitest';
import type { BaseModel } from '../../../../main/contract/models.ts';
import { ChatView } from '../../../../renderer/screens/chat/chat-view.tsx';

const model: BaseModel = {
  id: 'm1',
  name: 'A model',
  origin: 'folder',
  folder: '/models/a',
  architecture: 'llama',
  task: 'causal',
  parameters: 1000,
  bytes: 4000,
  dtype: 'float32',
  contextLength: 512,
  vocabularySize: 100,
  layers: 2,
  hiddenSize: 16,
  licence: null,
  hasChatTemplate: false,
  addedAt: 0,
  problem: null,
  warnings: [],
};

const drawn = (changes: Partial<BaseModel>): string =>
  renderToStaticMarkup(
    <MantineProvider>
      <ChatView projectId="p1" model={{ ...model, ...changes }} run={null} runs={[]} />
    </MantineProvider>,
  );

const offers = (html: string) => ({
  notice: html.includes('has no chat template'),
  system: html.includes('System message'),
  alone: html.includes('Each question on its own'),
  options: html.includes('Greedy, seed 42'),
});

test('a model that writes without a template says so, and has every option', () => {
  expect(offers(drawn({}))).toEqual({ notice: true, system: true, alone: true, options: true });
  expect(offers(drawn({ hasChatTemplate: true })).notice).toBe(false);
});

test('an encoder-decoder reads one text alone: no template, no system message, but options for its words', () => {
  const html = drawn({ task: 'seq2seq', architecture: 't5' });
  expect(offers(html)).toEqual({ notice: false, system: false, alone: false, options: true });
});

test('an encoder answers at once, so nothing is drawn by chance either', () => {
  const html = drawn({ task: 'encoder', architecture: 'bert' });
  expect(offers(html)).toEqual({ notice: false, system: false, alone: false, options: false });
});
