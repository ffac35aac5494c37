// Answers that hold several labels: which separator a dataset uses, how an answer is read, and how one is written. Knows no
// model.
const separators = ['\n', ';', '|', ','] as const;

/** Most characters of one label; longer parts are prose. */
const longestLabel = 60;
/** Share of the labels that must occur in different answers. */
const recurring = 0.6;

/** The labels of an answer, each once, in their order; none for an empty answer. Without a separator the first that occurs. */
export function labelsIn(answer: string, separator?: string): string[] {
  const mark =
    separator?.trim() || (separator === undefined ? separators.find((one) => answer.includes(one)) : '\n');
  const parts = mark === undefined ? [answer] : answer.split(mark);
  return [...new Set(parts.map((part) => part.trim()).filter((part) => part !== ''))];
}

/** Labels as an answer. */
export function labelText(labels: readonly string[], separator: string): string {
  return labels.join(separator);
}

/**
 * What stands between the labels of these answers, as it is written; undefined where they are no lists of labels: most parts
 * would occur in one answer only, as the parts of sentences and of names like "Paris, France" do.
 */
export function separatorIn(answers: readonly string[]): string | undefined {
  for (const mark of separators) {
    if (!answers.some((answer) => labelsIn(answer, mark).length > 1)) continue;
    const different = new Set(answers.map((answer) => labelsIn(answer, mark).sort().join('\n')));
    const counts = new Map<string, number>();
    for (const set of different)
      for (const label of set.split('\n')) counts.set(label, (counts.get(label) ?? 0) + 1);
    const labels = [...counts.keys()];
    if (labels.some(({ length }) => length > longestLabel)) continue;
    const again = labels.filter((label) => (counts.get(label) ?? 0) > 1).length;
    if (again < recurring * labels.length) continue;
    const spaced = mark !== '\n' && answers.some((answer) => answer.includes(`${mark} `));
    return spaced ? `${mark} ` : mark;
  }
  return undefined;
}
