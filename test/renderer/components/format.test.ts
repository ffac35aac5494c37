import { describe, expect, it } from 'vitest';
import {
  about,
  ago,
  bytes,
  count,
  decimal,
  duration,
  durationParts,
  integer,
  learningRate,
  percent,
  plural,
  range,
  score,
  sentence,
  signed,
} from '../../../renderer/components/format.ts';

const plain = (text: string) => text.replaceAll(' ', ' ');

describe('numbers', () => {
  it('puts a no-break space before the unit and never a hyphen for minus', () => {
    expect(percent(0.614)).toBe('61.4 %');
    expect(decimal(-1.5, 1)).toBe('−1.5');
    expect(signed(-0.71, 3)).toBe('−0.710');
    expect(signed(0.247, 3)).toBe('+0.247');
  });

  it('gives no sign to a difference that rounds to nothing', () => {
    expect(signed(-0.0002, 3)).toBe('0.000');
  });

  it('shows a dash where a value is missing, and not where it is zero', () => {
    expect(integer(null)).toBe('–');
    expect(score(Number.NaN)).toBe('–');
    expect(bytes(undefined)).toBe('–');
    expect(integer(0)).toBe('0');
  });

  it('counts a gigabyte as 10^9 bytes, with three digits', () => {
    expect(plain(bytes(4_470_000_000))).toBe('4.47 GB');
    expect(plain(bytes(18_600_000))).toBe('18.6 MB');
    expect(plain(bytes(412_000_000_000))).toBe('412 GB');
    expect(plain(bytes(999))).toBe('999 B');
    expect(plain(bytes(999_600))).toBe('1.00 MB');
  });

  it('writes learning rates as a recipe file holds them', () => {
    expect(learningRate(2e-4)).toBe('2.0e-4');
    expect(learningRate(7.85e-5)).toBe('7.85e-5');
    expect(learningRate(0)).toBe('0');
  });

  it('shortens parameter counts', () => {
    expect(plain(count(134_515_008))).toBe('135 M');
    expect(plain(count(4_700_000))).toBe('4.7 M');
    expect(plain(count(3_212_749_824))).toBe('3.2 B');
    expect(count(260_032)).toBe('260,032');
  });

  it('joins ranges with "to", so that a minus sign is never taken for a dash', () => {
    expect(range(-0.734, -0.686, 3)).toBe('−0.734 to −0.686');
  });
});

describe('time', () => {
  it.each([
    [0.35, '350 ms'],
    [6.1, '6.1 s'],
    [24, '24 s'],
    [90, '1 min 30 s'],
    [599.7, '10 min'],
    [2400, '40 min'],
    [5880, '1 h 38 min'],
    [7200, '2 h'],
    [200_000, '2.3 days'],
  ])('writes %d s as %s', (seconds, text) => {
    expect(plain(duration(seconds))).toBe(text);
  });

  it('rounds estimates and says that they are estimates', () => {
    expect(plain(about(2412))).toBe('about 40 min');
    expect(plain(about(43))).toBe('about 45 s');
    expect(plain(about(0.2))).toBe('about 1 s');
  });

  it('gives the parts of a figure', () => {
    expect(durationParts(5880)).toEqual([
      { value: '1', unit: 'h' },
      { value: '38', unit: 'min' },
    ]);
  });

  it('speaks of the recent past in words and of the rest by date', () => {
    const now = new Date(2026, 10, 25, 16, 20).getTime();
    expect(ago(now - 20_000, now)).toBe('just now');
    expect(plain(ago(now - 12 * 60_000, now))).toBe('12 min ago');
    expect(ago(now - 3 * 3600_000, now)).toBe('today, 13:20');
    expect(ago(now - 48 * 3600_000, now)).toContain('2026');
  });
});

it('uses the singular for one thing only', () => {
  expect(plain(plural(1, 'file'))).toBe('1 file');
  expect(plain(plural(0, 'file'))).toBe('0 files');
  expect(plain(plural(2, 'file has', 'files have'))).toBe('2 files have');
});

it('starts a fact with a capital letter', () => {
  expect(sentence('none chosen')).toBe('None chosen');
  expect(sentence('')).toBe('');
});
