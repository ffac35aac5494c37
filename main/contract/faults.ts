// What zod says about a value, in words that a person can use. Sentences that a schema gives itself stay as they are.

const kinds: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a group of values',
  record: 'a group of values',
  null: 'nothing',
  NaN: 'no number',
};

const rules: [pattern: RegExp, words: (...parts: string[]) => string][] = [
  [/^Invalid input: expected .+, received undefined$/, () => 'is missing'],
  [/^Invalid input: expected int, received number$/, () => 'has to be a whole number'],
  [
    /^Invalid input: expected (\w+), received (\w+)$/,
    (expected, received) => `has to be ${kinds[expected] ?? expected}, not ${kinds[received] ?? received}`,
  ],
  [/^Invalid input: expected (".+")$/, (expected) => `has to be ${expected}`],
  [
    /^Invalid option: expected one of (.+)$/,
    (options) => `has to be one of ${options.replaceAll('"', '').split('|').join(', ')}`,
  ],
  [/^Too small: expected (?:number|int) to be >=(\S+)$/, (least) => `has to be at least ${least}`],
  [/^Too small: expected (?:number|int) to be >(\S+)$/, (bound) => `has to be more than ${bound}`],
  [/^Too big: expected (?:number|int) to be <=(\S+)$/, (most) => `can be ${most} at most`],
  [/^Too big: expected (?:number|int) to be <(\S+)$/, (bound) => `has to be less than ${bound}`],
  [/^Too small: expected (?:string|array) to have >=1 (?:characters|items)$/, () => 'is empty'],
  [/^Too big: expected string to have <=(\d+) characters$/, (most) => `can have ${most} characters at most`],
  [/^Too big: expected array to have <=(\d+) items$/, (most) => `can have ${most} entries at most`],
];

/** "n has to be a number, not a text"; a message that no rule knows follows its place behind a colon. */
export function faultInWords(place: string, message: string): string {
  for (const [pattern, words] of rules) {
    const found = pattern.exec(message);
    if (found) return `${place === '' ? 'The value' : place} ${words(...found.slice(1))}`;
  }
  return place === '' ? message : `${place}: ${message}`;
}
