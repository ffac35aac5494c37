// One thing that the palette can find, and how typed text is matched. No React.

export interface Entry {
  id: string;
  kind: 'Go to' | 'Action' | 'Project' | 'Run' | 'Document' | 'Record' | 'Setting' | 'Term';
  label: string;
  fact?: string;
  keys?: string;
  /** Searched besides the label. */
  also?: string;
  run(): void;
}

/** All words must occur; entries whose label starts with the text come first. Without text: screens and actions. */
export function matching(entries: Entry[], text: string): Entry[] {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return entries.filter((entry) => entry.kind === 'Go to' || entry.kind === 'Action');
  const words = wanted.split(/\s+/);
  const found = entries.filter((entry) => {
    const searched = `${entry.label} ${entry.also ?? ''} ${entry.kind}`.toLowerCase();
    return words.every((word) => searched.includes(word));
  });
  const rank = (entry: Entry) => (entry.label.toLowerCase().startsWith(wanted) ? 0 : 1);
  return found.sort((a, b) => rank(a) - rank(b));
}
