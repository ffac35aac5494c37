// The shape of one training text, and small helpers that every kind of text uses.

import type { World } from './invent.ts';

export interface Message {
  role: 'system' | 'user' | 'assistant';
  content: string;
}

/** Either a chat, trained mostly on its answers, or plain running text. */
export type Sample = { kind: string; messages: Message[] } | { kind: string; text: string };

/** One kind of text: `progress` from 0 to 1 makes it longer and harder. */
export type Maker = (world: World, progress: number) => Sample;

/** A chat of one request and one answer. */
export function exchange(kind: string, request: string, answer: string): Sample {
  return {
    kind,
    messages: [
      { role: 'user', content: request },
      { role: 'assistant', content: answer },
    ],
  };
}

/** "a", "a and b", "a, b and c". */
export function listed(items: readonly string[]): string {
  if (items.length < 2) return items.join('');
  return `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}

/** "a lamp", "an owl". */
export const withArticle = (noun: string): string => `${/^[aeiou]/i.test(noun) ? 'an' : 'a'} ${noun}`;

/** Replaces `{name}` by `values.name`, then starts each sentence with a capital letter. */
export function fill(template: string, values: Record<string, string>): string {
  const text = template.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
  return text.charAt(0).toUpperCase() + text.slice(1);
}
