import { expect, it } from 'vitest';
import { strftime } from '../../../../main/tokens/jinja/strftime.ts';

const morning = new Date(2024, 0, 1, 0, 5, 9);
const newYear = new Date(2021, 0, 3, 13, 0, 1); // a Sunday in the last week of 2020

// from Python 3.11 on Linux
it.each([
  [morning, '%d %b %Y, %-d.%-m.%y', '01 Jan 2024, 1.1.24'],
  [morning, '%I:%M %p|%-I:%M %P|%l|%k|%0k', '12:05 AM|12:05 am|12| 0|00'],
  [morning, '%#a %^B %#p %#c', 'MON JANUARY am Mon Jan  1 00:05:09 2024'],
  [morning, '%-D %_T %-R', '01/01/24 00:05:09 00:05'],
  [newYear, '%G-W%V-%u %g %U %W %j', '2020-W53-7 20 01 00 003'],
  [newYear, '100%% %Q % %', '100% %Q % %'],
])('%s as %s', (time, format, text) => {
  expect(strftime(time, format)).toBe(text);
});
