// File tokens: what a window can do with one.
import { expect, test } from 'vitest';
import { createFileTokens } from '../../main/files.ts';

test('a token gives its file once and cannot be guessed from another', () => {
  const files = createFileTokens();
  const chosen = { path: '/home/ada/a.txt', name: 'a.txt', temporary: false };
  const [one, two] = [files.issue(chosen), files.issue(chosen)];
  expect(one).not.toBe(two);
  expect(one.length).toBeGreaterThanOrEqual(32);
  expect(files.redeem(one)).toEqual(chosen);
  expect(() => files.redeem(one)).toThrow(expect.objectContaining({ code: 'file-token' }));
  expect(files.redeem(two)).toEqual(chosen);
  expect(() => files.redeem('/home/ada/a.txt')).toThrow(expect.objectContaining({ code: 'file-token' }));
});

test('a download token is no token for reading, and may be used again', () => {
  const files = createFileTokens();
  const token = files.issueDownload({ path: '/exports/run-1', fileName: 'run-1.zip' });
  expect(files.download(token)).toEqual(files.download(token));
  expect(() => files.redeem(token)).toThrow();
  expect(files.download('other')).toBeUndefined();
});
