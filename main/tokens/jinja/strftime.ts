// datetime.strftime in the C locale, of a local time without a zone. Knows no templates.

const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

/** Fills `format`; flags such as in `%-d` change padding and case, as on Linux. Unknown directives stay as they are. */
export function strftime(time: Date, format: string): string {
  return format.replace(/%([-_0^#]?)([a-zA-Z%])/g, (whole, flag: string, code: string) => {
    const made = Object.hasOwn(codes, code) ? codes[code](time) : undefined;
    if (made === undefined) return whole;
    if (flag === '^' && code !== 'P') return made.toUpperCase();
    if (flag === '#') return swapped(made, code);
    if (!/^[0 ]*\d+$/.test(made)) return made; // dates and times of several parts keep theirs
    if (flag === '-') return made.replace(/^[0 ]+(?=.)/, '');
    if (flag === '_') return made.replace(/^0+(?=.)/, (zeros) => ' '.repeat(zeros.length));
    return flag === '0' ? made.replaceAll(' ', '0') : made;
  });
}

/** Names in capitals, AM and PM without. */
function swapped(made: string, code: string): string {
  if (code === 'p') return made.toLowerCase();
  return 'aAbBh'.includes(code) ? made.toUpperCase() : made;
}

const two = (value: number): string => value.toString().padStart(2, '0');
const hour12 = (time: Date): number => time.getHours() % 12 || 12;

function dayOfYear(time: Date): number {
  const start = Date.UTC(time.getFullYear(), 0, 1);
  return Math.round((Date.UTC(time.getFullYear(), time.getMonth(), time.getDate()) - start) / 86_400_000) + 1;
}

/** Year and week of ISO 8601. */
function isoWeek(time: Date): [year: number, week: number] {
  const thursday = new Date(Date.UTC(time.getFullYear(), time.getMonth(), time.getDate()));
  thursday.setUTCDate(thursday.getUTCDate() + 4 - (thursday.getUTCDay() || 7));
  const year = thursday.getUTCFullYear();
  return [year, Math.ceil(((thursday.getTime() - Date.UTC(year, 0, 1)) / 86_400_000 + 1) / 7)];
}

const codes: Record<string, (time: Date) => string> = {
  a: (time) => days[time.getDay()].slice(0, 3),
  A: (time) => days[time.getDay()],
  b: (time) => months[time.getMonth()].slice(0, 3),
  B: (time) => months[time.getMonth()],
  h: (time) => months[time.getMonth()].slice(0, 3),
  c: (time) => strftime(time, '%a %b %e %H:%M:%S %Y'),
  C: (time) => two(Math.floor(time.getFullYear() / 100)),
  d: (time) => two(time.getDate()),
  D: (time) => strftime(time, '%m/%d/%y'),
  e: (time) => time.getDate().toString().padStart(2, ' '),
  f: (time) => `${time.getMilliseconds().toString().padStart(3, '0')}000`,
  F: (time) => strftime(time, '%Y-%m-%d'),
  g: (time) => two(isoWeek(time)[0] % 100),
  G: (time) => isoWeek(time)[0].toString(),
  H: (time) => two(time.getHours()),
  I: (time) => two(hour12(time)),
  j: (time) => dayOfYear(time).toString().padStart(3, '0'),
  k: (time) => time.getHours().toString().padStart(2, ' '),
  l: (time) => hour12(time).toString().padStart(2, ' '),
  m: (time) => two(time.getMonth() + 1),
  M: (time) => two(time.getMinutes()),
  n: () => '\n',
  p: (time) => (time.getHours() < 12 ? 'AM' : 'PM'),
  P: (time) => (time.getHours() < 12 ? 'am' : 'pm'),
  r: (time) => strftime(time, '%I:%M:%S %p'),
  R: (time) => strftime(time, '%H:%M'),
  s: (time) => Math.floor(time.getTime() / 1000).toString(),
  S: (time) => two(time.getSeconds()),
  t: () => '\t',
  T: (time) => strftime(time, '%H:%M:%S'),
  u: (time) => (time.getDay() || 7).toString(),
  U: (time) => two(Math.floor((dayOfYear(time) + 6 - time.getDay()) / 7)),
  V: (time) => two(isoWeek(time)[1]),
  w: (time) => time.getDay().toString(),
  W: (time) => two(Math.floor((dayOfYear(time) + 6 - ((time.getDay() + 6) % 7)) / 7)),
  x: (time) => strftime(time, '%m/%d/%y'),
  X: (time) => strftime(time, '%H:%M:%S'),
  y: (time) => two(time.getFullYear() % 100),
  Y: (time) => time.getFullYear().toString(),
  z: () => '',
  Z: () => '',
  '%': () => '%',
};
