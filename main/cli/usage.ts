// Wrong command lines in words: a command or option that does not exist, with the one that was probably meant. Prints
// nothing and runs nothing.
import type { Command } from './command.ts';

/** Why `words` are no command; names the nearest one, or what a noun alone lacks. */
export function unknownCommand(commands: readonly Command[], words: readonly string[]): string {
  const [noun, verb] = words;
  const verbs = commands.flatMap(({ name }) =>
    name.startsWith(`${noun} `) ? name.slice(noun.length + 1) : [],
  );
  if (verbs.length > 0 && verb === undefined) return `"${noun}" needs a second word: ${verbs.join(', ')}.`;
  const given = words.slice(0, 2).join(' ');
  const meant = nearest(
    given,
    commands.map(({ name }) => name),
  );
  return `There is no command "${given}".${meant === null ? '' : ` Did you mean "${meant}"?`}`;
}

/** What Node's parser of options throws, in a sentence. */
export function optionFault(command: Command, error: Error & { code?: string }): string {
  const name = /'(?:-\w, )?(--?[^'\s]+)/.exec(error.message)?.[1];
  if (name === undefined) return error.message;
  if (error.code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') {
    const meant = nearest(
      name,
      Object.keys(command.options).map((one) => `--${one}`),
    );
    const settings = 'set' in command.options ? ' A setting is changed with --set name=value.' : '';
    return `There is no option ${name}.${meant === null ? settings : ` Did you mean ${meant}?`}`;
  }
  if (error.code === 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE')
    return /does not take/.test(error.message)
      ? `${name} takes no value.`
      : `${name} needs a value behind it.`;
  return error.message;
}

/** The word that differs least, by at most a third of its letters; null where none is near. */
export function nearest(given: string, words: readonly string[]): string | null {
  const [best] = words
    .map((word) => ({ word, edits: editsBetween(given, word) }))
    .filter(({ word, edits }) => edits <= Math.max(1, Math.floor(word.length / 3)))
    .sort((a, b) => a.edits - b.edits);
  return best?.word ?? null;
}

/** Letters that have to be put in, taken out or changed (Levenshtein). */
function editsBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min(next[j - 1] + 1, row[j] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
    row = next;
  }
  return row[b.length];
}
