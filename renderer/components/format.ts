// Every number format of the interface, by UI.md section 2: the user's locale, a no-break space before the unit,
// a true minus sign, "–" where a value is missing. GB is 10^9 bytes. Pure functions, no React.

const noBreak = ' ';
export const missing = '–';

export interface Parts {
  value: string;
  unit: string;
}

const formatters = new Map<string, Intl.NumberFormat>();

function format(value: number, options: Intl.NumberFormatOptions): string {
  const key = JSON.stringify(options);
  let formatter = formatters.get(key);
  if (!formatter) {
    formatter = new Intl.NumberFormat(undefined, options);
    formatters.set(key, formatter);
  }
  return formatter.format(value).replace('-', '−');
}

type Maybe = number | null | undefined;
const absent = (value: Maybe): value is null | undefined => value == null || Number.isNaN(value);

/** "5,240" */
export function integer(value: Maybe): string {
  return absent(value) ? missing : format(value, { maximumFractionDigits: 0 });
}

/** A number with exactly so many decimals. */
export function decimal(value: Maybe, digits: number): string {
  if (absent(value)) return missing;
  return format(value, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** Loss in nats per token, and scores from 0 to 1: three decimals. */
export function score(value: Maybe): string {
  return decimal(value, 3);
}

/** A share from 0 to 1 as "61.4 %". */
export function percent(share: Maybe, digits = 1): string {
  return absent(share) ? missing : `${decimal(share * 100, digits)}${noBreak}%`;
}

/** "+0.247" or "−0.710": always with its sign. */
export function signed(value: Maybe, digits: number): string {
  if (absent(value)) return missing;
  const text = decimal(Math.abs(value), digits);
  if (Number(Math.abs(value).toFixed(digits)) === 0) return text;
  return `${value < 0 ? '−' : '+'}${text}`;
}

/** "0.432 to 0.490" */
export function range(low: Maybe, high: Maybe, digits: number): string {
  return `${decimal(low, digits)} to ${decimal(high, digits)}`;
}

/** Three significant digits in kB, MB, GB or TB. */
export function bytesParts(bytes: Maybe): Parts {
  if (absent(bytes)) return { value: missing, unit: '' };
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (Math.abs(value) >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  if (unit === 0) return { value: integer(value), unit: 'B' };
  return { value: decimal(value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0), unit: units[unit] };
}

/** "4.47 GB" */
export function bytes(value: Maybe): string {
  return joined(bytesParts(value));
}

/** Parameters or tokens in short form: "15.2 M", "1.1 B". */
export function count(value: Maybe): string {
  if (absent(value)) return missing;
  if (value >= 999.5e6) return `${decimal(value / 1e9, 1)}${noBreak}B`;
  if (value >= 99.95e6) return `${decimal(value / 1e6, 0)}${noBreak}M`;
  if (value >= 1e6) return `${decimal(value / 1e6, 1)}${noBreak}M`;
  return integer(value);
}

/** A learning rate as "2.0e-4"; the hyphen stays, because this is what a recipe file holds. */
export function learningRate(value: Maybe): string {
  if (absent(value)) return missing;
  if (value === 0) return '0';
  const [mantissa, exponent] = value.toExponential(2).split('e');
  const short = mantissa.endsWith('0') ? mantissa.slice(0, -1) : mantissa;
  return `${short}e${exponent.replace('+', '')}`;
}

/** "1 h 38 min", "24 s", "350 ms": the two largest units. */
export function duration(seconds: Maybe): string {
  return durationParts(seconds).map(joined).join(noBreak);
}

/** The same as parts, for a figure whose units are smaller. */
export function durationParts(seconds: Maybe): Parts[] {
  if (absent(seconds)) return [{ value: missing, unit: '' }];
  if (seconds > 0 && seconds < 1) return [{ value: integer(seconds * 1000), unit: 'ms' }];
  if (seconds < 60)
    return [{ value: decimal(seconds, seconds < 9.95 && seconds % 1 > 0.05 ? 1 : 0), unit: 's' }];
  const minutes = Math.round(seconds / 60);
  if (seconds < 600) {
    const rest = Math.round(seconds) % 60;
    const whole = { value: integer(Math.floor(Math.round(seconds) / 60)), unit: 'min' };
    return rest === 0 ? [whole] : [whole, { value: integer(rest), unit: 's' }];
  }
  if (minutes < 60) return [{ value: integer(minutes), unit: 'min' }];
  if (minutes < 48 * 60) {
    const hours = { value: integer(Math.floor(minutes / 60)), unit: 'h' };
    return minutes % 60 === 0 ? [hours] : [hours, { value: integer(minutes % 60), unit: 'min' }];
  }
  return [{ value: decimal(minutes / 1440, 1), unit: 'days' }];
}

/** An estimate: "about 40 min"; rounded, because it is one. */
export function about(seconds: Maybe): string {
  return absent(seconds) ? missing : `about ${duration(roughSeconds(seconds))}`;
}

/** Estimated seconds without the digits that nobody knows. */
export function roughSeconds(seconds: number): number {
  if (seconds < 10) return Math.max(1, Math.round(seconds));
  const step = seconds < 60 ? 5 : seconds < 600 ? 30 : seconds < 7200 ? 60 : 300;
  return Math.round(seconds / step) * step;
}

/** Clock time, "16:42". */
export function clock(time: Maybe): string {
  if (absent(time)) return missing;
  return new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(
    time,
  );
}

/** "24 Nov 2026, 16:20" */
export function dateTime(time: Maybe): string {
  if (absent(time)) return missing;
  return `${date(time)}, ${clock(time)}`;
}

export function date(time: Maybe): string {
  if (absent(time)) return missing;
  return new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', year: 'numeric' }).format(time);
}

/** "just now", "12 min ago", "today, 16:20", then the date. */
export function ago(time: Maybe, now = Date.now()): string {
  if (absent(time)) return missing;
  const seconds = (now - time) / 1000;
  if (seconds < 60) return 'just now';
  if (seconds < 3600) return `${integer(Math.floor(seconds / 60))}${noBreak}min ago`;
  const sameDay = new Date(now).toDateString() === new Date(time).toDateString();
  return sameDay ? `today, ${clock(time)}` : date(time);
}

/** "1 file", "148 files" */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${integer(value)}${noBreak}${value === 1 ? one : many}`;
}

/** A sentence starts with a capital: "none chosen" is shown as "None chosen". */
export function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Value and unit with a no-break space between them. */
export function withUnit(value: string, unit: string): string {
  return unit ? `${value}${noBreak}${unit}` : value;
}

function joined({ value, unit }: Parts): string {
  return withUnit(value, unit);
}
