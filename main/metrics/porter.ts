// The Porter stemmer (Porter 1980, "An algorithm for suffix stripping") with the extensions that NLTK calls
// NLTK_EXTENSIONS, which ROUGE scores are customarily computed with; `original` switches them off.
// Expects lower-case words. Names of the steps and measures are Porter's.

export type PorterMode = 'extended' | 'original';

/** Words whose stem no rule would find, with that stem. */
const irregular: Readonly<Record<string, string>> = {
  skies: 'sky',
  sky: 'sky',
  dying: 'die',
  lying: 'lie',
  tying: 'tie',
  news: 'news',
  innings: 'inning',
  inning: 'inning',
  outings: 'outing',
  outing: 'outing',
  cannings: 'canning',
  canning: 'canning',
  howe: 'howe',
  proceed: 'proceed',
  exceed: 'exceed',
  succeed: 'succeed',
};

/** y counts as a consonant at the start and after a vowel. */
function isConsonant(word: string, at: number): boolean {
  let consonant = true;
  for (let i = 0; i <= at; i += 1) {
    const letter = word[i];
    consonant = letter === 'y' ? i === 0 || !consonant : !'aeiou'.includes(letter);
  }
  return consonant;
}

/** Porter's m: how often a consonant follows a vowel in [C](VC)^m[V]. */
function measure(stem: string): number {
  let count = 0;
  for (let i = 1; i < stem.length; i += 1) {
    if (isConsonant(stem, i) && !isConsonant(stem, i - 1)) count += 1;
  }
  return count;
}

function hasVowel(stem: string): boolean {
  return Array.from(stem).some((_, i) => !isConsonant(stem, i));
}

function endsInDoubleConsonant(word: string): boolean {
  const last = word.length - 1;
  return last > 0 && word[last] === word[last - 1] && isConsonant(word, last);
}

/** Porter's *o: ends consonant, vowel, consonant, and the last is not w, x or y. */
function endsShort(word: string, mode: PorterMode): boolean {
  const last = word.length - 1;
  if (last === 1 && mode === 'extended') return !isConsonant(word, 0) && isConsonant(word, 1);
  return (
    last >= 2 &&
    isConsonant(word, last - 2) &&
    !isConsonant(word, last - 1) &&
    isConsonant(word, last) &&
    !'wxy'.includes(word[last])
  );
}

type Rule = readonly [suffix: string, replacement: string, condition?: (stem: string) => boolean];

/** The first rule whose suffix fits decides, whether its condition holds or not. */
function applyFirst(word: string, rules: readonly Rule[], usual: (stem: string) => boolean): string {
  for (const [suffix, replacement, condition = usual] of rules) {
    if (!word.endsWith(suffix)) continue;
    const stem = word.slice(0, word.length - suffix.length);
    return condition(stem) ? stem + replacement : word;
  }
  return word;
}

const always = () => true;
const positive = (stem: string) => measure(stem) > 0;
const aboveOne = (stem: string) => measure(stem) > 1;

function step1a(word: string, mode: PorterMode): string {
  if (mode === 'extended' && word.endsWith('ies') && word.length === 4) return `${word.slice(0, 1)}ie`;
  const rules: Rule[] = [
    ['sses', 'ss'],
    ['ies', 'i'],
    ['ss', 'ss'],
    ['s', ''],
  ];
  return applyFirst(word, rules, always);
}

function step1b(word: string, mode: PorterMode): string {
  if (mode === 'extended' && word.endsWith('ied'))
    return word.slice(0, -3) + (word.length === 4 ? 'ie' : 'i');
  if (word.endsWith('eed')) return applyFirst(word, [['eed', 'ee']], positive);
  const suffix = ['ed', 'ing'].find((end) => word.endsWith(end) && hasVowel(word.slice(0, -end.length)));
  if (suffix === undefined) return word;
  const stem = word.slice(0, -suffix.length);
  if (/(?:at|bl|iz)$/.test(stem)) return `${stem}e`;
  if (endsInDoubleConsonant(stem)) return /[lsz]$/.test(stem) ? stem : stem.slice(0, -1);
  return measure(stem) === 1 && endsShort(stem, mode) ? `${stem}e` : stem;
}

function step1c(word: string, mode: PorterMode): string {
  const extended = (stem: string) => stem.length > 1 && isConsonant(stem, stem.length - 1);
  return applyFirst(word, [['y', 'i']], mode === 'extended' ? extended : hasVowel);
}

function step2(word: string, mode: PorterMode): string {
  if (mode === 'extended' && word.endsWith('alli') && positive(word.slice(0, -4))) {
    return step2(word.slice(0, -2), mode);
  }
  const rules: Rule[] = [
    ['ational', 'ate'],
    ['tional', 'tion'],
    ['enci', 'ence'],
    ['anci', 'ance'],
    ['izer', 'ize'],
    mode === 'extended' ? ['bli', 'ble'] : ['abli', 'able'],
    ['alli', 'al'],
    ['entli', 'ent'],
    ['eli', 'e'],
    ['ousli', 'ous'],
    ['ization', 'ize'],
    ['ation', 'ate'],
    ['ator', 'ate'],
    ['alism', 'al'],
    ['iveness', 'ive'],
    ['fulness', 'ful'],
    ['ousness', 'ous'],
    ['aliti', 'al'],
    ['iviti', 'ive'],
    ['biliti', 'ble'],
  ];
  if (mode === 'extended') rules.push(['fulli', 'ful'], ['logi', 'log', (stem) => positive(`${stem}l`)]);
  return applyFirst(word, rules, positive);
}

const step3: readonly Rule[] = [
  ['icate', 'ic'],
  ['ative', ''],
  ['alize', 'al'],
  ['iciti', 'ic'],
  ['ical', 'ic'],
  ['ful', ''],
  ['ness', ''],
];

const step4: readonly Rule[] = [
  ...['al', 'ance', 'ence', 'er', 'ic', 'able', 'ible', 'ant', 'ement', 'ment', 'ent'].map(
    (s): Rule => [s, ''],
  ),
  ['ion', '', (stem) => aboveOne(stem) && /[st]$/.test(stem)],
  ...['ou', 'ism', 'ate', 'iti', 'ous', 'ive', 'ize'].map((s): Rule => [s, '']),
];

function step5(word: string, mode: PorterMode): string {
  let stem = word;
  if (word.endsWith('e')) {
    const short = word.slice(0, -1);
    const m = measure(short);
    if (m > 1 || (m === 1 && !endsShort(short, mode))) stem = short;
  }
  return stem.endsWith('ll') && aboveOne(stem.slice(0, -1)) ? stem.slice(0, -1) : stem;
}

/** The stem of a lower-case English word. */
export function porterStem(word: string, mode: PorterMode = 'extended'): string {
  if (mode === 'extended') {
    if (Object.hasOwn(irregular, word)) return irregular[word];
    if (word.length <= 2) return word;
  }
  const first = step1c(step1b(step1a(word, mode), mode), mode);
  const second = step2(first, mode);
  return step5(applyFirst(applyFirst(second, step3, positive), step4, aboveOne), mode);
}
