// Records that are longer than the longest one allowed, cut at either side (field case C04).
import { expect, test } from 'vitest';
import type { DatasetRecord, RecordContent } from '../../../main/contract/datasets.ts';
import { loadTokenizer } from '../../../main/tokens/tokenizer.ts';
import { keep, keptOf } from '../../../main/training/cut.ts';
import { encodeRecords } from '../../../main/training/data.ts';
import { labelsAt, surveyRecords } from '../../../main/training/survey.ts';
import { completion, llamaFolder, record } from '../../helpers/tiny-model.ts';

const story = 'Lily and Sam saw a green frog on the hill. Tom was there. ';
const question = `${story.repeat(4)}Where is it?`;
const tokenizer = await loadTokenizer(llamaFolder);

async function encoded(content: RecordContent, maxLength: number, cut: 'end' | 'prompt-start') {
  const records: DatasetRecord[] = [record('a', 'train', content)];
  const data = await encodeRecords(tokenizer, records, maxLength, undefined, cut);
  const [surveyed] = await surveyRecords(tokenizer, records);
  // the plan counts what the run learns
  expect(labelsAt(surveyed, maxLength, cut)).toBe(data.records[0]?.labels ?? 0);
  const [one] = data.records;
  return { ...data, one, text: tokenizer.decode([...(one?.ids ?? [])], { skipSpecial: false }) };
}

test('cut at the end, a long prompt leaves nothing to learn; cut at its beginning, the whole answer', async () => {
  const content = completion(question, ' On the hill.');
  expect((await encoded(content, 24, 'end')).withoutLabel).toEqual(['a']);
  const { one, text } = await encoded(content, 24, 'prompt-start');
  expect(one.ids).toHaveLength(24);
  expect(one.ids[0]).toBe(tokenizer.bosId);
  expect(text).toMatch(/Where is it\? ?On the hill\./);
  const whole = await encoded(content, 1000, 'prompt-start');
  expect(one.labels).toBe(whole.one.labels);
  expect([...one.ids.slice(1)]).toEqual([...whole.one.ids.slice(-23)]);
  expect([one.truncated, whole.one.truncated]).toEqual([true, false]);
});

test('a conversation keeps its system message and the mark of the user', async () => {
  const content: RecordContent = {
    type: 'chat',
    messages: [
      { role: 'system', content: 'Be kind.' },
      { role: 'user', content: question },
      { role: 'assistant', content: 'On the hill.' },
    ],
  };
  const whole = await encoded(content, 1000, 'end');
  const { one, text } = await encoded(content, 80, 'prompt-start');
  expect(one.ids).toHaveLength(80);
  const start = whole.text.indexOf('Lily');
  expect(start).toBeGreaterThan(0);
  expect(text.slice(0, start)).toBe(whole.text.slice(0, start)); // all up to the first word of the question
  expect(text).toContain('Be kind.');
  expect(text).toContain('Where is it?');
  expect(text.endsWith(whole.text.slice(whole.text.indexOf('Where is it?')))).toBe(true);
  expect(one.labels).toBe(whole.one.labels);
});

test('an answer that is too long alone keeps one token before it, and loses its end', () => {
  const trained = Uint8Array.from([0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1]);
  const places = Array.from(trained, (_, place) => place);
  const left = (frame: { bos: number; head: number }, maxLength: number) =>
    keep(places, keptOf(trained, frame, maxLength, 'prompt-start'));
  expect(left({ bos: 1, head: 1 }, 9)).toEqual([0, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(left({ bos: 1, head: 1 }, 5)).toEqual([0, 5, 6, 7, 8]);
  expect(left({ bos: 0, head: 0 }, 5)).toEqual([5, 6, 7, 8, 9]);
  expect(left({ bos: 1, head: 4 }, 10)).toEqual([0, 1, 2, 3, 5, 6, 7, 8, 9, 10]);
  expect(left({ bos: 1, head: 4 }, 8)).toEqual([0, 4, 5, 6, 7, 8, 9, 10]); // no room for the system message
});

test('a text without a prompt is cut at its end either way', async () => {
  const content: RecordContent = { type: 'text', text: story.repeat(8), complete: true };
  const [end, start] = [await encoded(content, 32, 'end'), await encoded(content, 32, 'prompt-start')];
  expect(start.one.ids).toEqual(end.one.ids);
});
