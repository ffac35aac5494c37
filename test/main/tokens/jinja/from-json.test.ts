import { describe, expect, it } from 'vitest';
import { fromJson, parseLossless } from '../../../../main/tokens/jinja/from-json.ts';
import { repr } from '../../../../main/tokens/jinja/print.ts';

describe('numbers keep the form that JSON gave them', () => {
  it.each([
    ['1', '1'],
    ['1.0', '1.0'],
    ['-0.0', '-0.0'],
    ['1e3', '1000.0'],
    ['1e-7', '1e-07'],
    ['12345678901234567890', '12345678901234567890'],
    ['100000000000000000000', '100000000000000000000'],
    ['1.5', '1.5'],
    ['[1.0, {"a": 2.0}]', "[1.0, {'a': 2.0}]"],
  ])('%s prints as %s', (source, printed) => {
    expect(repr(fromJson(parseLossless(source)))).toBe(printed);
  });

  it('and are written back as they were', () => {
    const source = '{"default":1.0,"big":12345678901234567890,"n":3}';
    expect(JSON.stringify(parseLossless(source))).toBe(source);
  });
});
