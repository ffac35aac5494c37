// Seeded split into train, validation and test. A group (a document, a fact) and equal or near-equal
// records are never split, unless a column of the data decides. The same records and seed give the same
// split, whatever files and ids they come from.
import { createHash } from 'node:crypto';
import type { RecordContent, Split, SplitRecipe } from '../contract/datasets.ts';
import { count } from '../documents/limits.ts';
import type { Problems } from './problems.ts';
import { contentHash } from './record.ts';
import { findTwins, type Pair, type Twins } from './twins.ts';

/** A record before its split is known. */
export interface Draft {
  content: RecordContent;
  group: string;
  /** Value of the split column. */
  split: string | null;
  place: string;
}

export interface SplitResult {
  splits: Split[];
  /** Records outside train that have an equal or near-equal record in another split. */
  leaks: number;
}

const names: Record<string, Split> = {
  train: 'train',
  training: 'train',
  validation: 'validation',
  valid: 'validation',
  val: 'validation',
  dev: 'validation',
  development: 'validation',
  eval: 'validation',
  test: 'test',
  testing: 'test',
};

/** The split that a cell names; undefined for other words. */
export function splitNamed(cell: string): Split | undefined {
  const name = cell.trim().toLowerCase();
  return Object.hasOwn(names, name) ? names[name] : undefined;
}

/** A merged group above this share of all records is a sign that "near-equal" joined a whole table. */
const largestShare = 0.2;

export function splitRecords(drafts: Draft[], recipe: SplitRecipe, problems: Problems): SplitResult {
  const twins = findTwins(drafts.map((draft) => draft.content));
  const splits =
    recipe.column === null
      ? bySeed(drafts, recipe, twins, problems)
      : byColumn(drafts, recipe.column, problems);
  return { splits, leaks: countLeaks(splits, twins) };
}

function byColumn(drafts: Draft[], column: string, problems: Problems): Split[] {
  return drafts.map((draft) => {
    const named = splitNamed(draft.split ?? '');
    if (named === undefined)
      problems.row(`name no split in "${column}"; they are used for training`, draft.place);
    return named ?? 'train';
  });
}

function bySeed(drafts: Draft[], recipe: SplitRecipe, twins: Twins, problems: Problems): Split[] {
  const components = mergedGroups(drafts, twins, problems);
  const keyed = components.map((members) => {
    const key = members.map((member) => contentHash(drafts[member].content)).sort()[0];
    return { members, order: createHash('sha256').update(`${recipe.seed}:${key}`).digest('hex') };
  });
  keyed.sort((a, b) => (a.order < b.order ? -1 : 1));
  const splits: Split[] = new Array(drafts.length).fill('train');
  const free = new Set(keyed);
  for (const split of ['test', 'validation'] as const) {
    const share = recipe[split];
    if (share === 0) continue;
    const target = Math.max(1, Math.round(share * drafts.length));
    let taken = 0;
    for (const component of keyed) {
      const size = component.members.length;
      // A group that is much too large for what is left goes to train.
      const fits = taken + size <= target + Math.max(0, 0.25 * target);
      if (!free.has(component) || taken >= target || !fits || free.size <= 1) continue;
      free.delete(component);
      taken += size;
      for (const member of component.members) splits[member] = split;
    }
    if (taken === 0) {
      taken = takeSmallest(keyed, free, split, splits);
      if (taken > 2 * target)
        problems.say(
          `Records that belong together are not split, so ${split} has ${count(taken)} of ${count(drafts.length)} records.`,
        );
    }
    if (taken === 0) problems.say(`No group of records is small enough for ${split}, so ${split} is empty.`);
  }
  return splits;
}

interface Component {
  members: number[];
}

/** When every group is larger than a split should be: the smallest one, if enough is left for training. */
function takeSmallest(all: Component[], free: Set<Component>, split: Split, splits: Split[]): number {
  if (free.size < 2) return 0;
  const smallest = all
    .filter((component) => free.has(component))
    .reduce((least, component) => (component.members.length < least.members.length ? component : least));
  const left = [...free].reduce((sum, component) => sum + component.members.length, 0);
  if (smallest.members.length > left / 2) return 0;
  free.delete(smallest);
  for (const member of smallest.members) splits[member] = split;
  return smallest.members.length;
}

/**
 * Records that stay together: by group, then by equal text, then by near-equal text, as long as that is
 * sensible.
 */
function mergedGroups(drafts: Draft[], twins: Twins, problems: Problems): number[][] {
  const byGroup = new Map<string, number>();
  const groupPairs: Pair[] = [];
  for (const [at, draft] of drafts.entries()) {
    const first = byGroup.get(draft.group);
    if (first === undefined) byGroup.set(draft.group, at);
    else groupPairs.push([first, at]);
  }
  const plain = components(drafts.length, groupPairs);
  const allowed = Math.max(largestShare * drafts.length, largest(plain), 2);
  const all = components(drafts.length, [...groupPairs, ...twins.equal, ...twins.near]);
  if (largest(all) <= allowed) return all;
  const exact = components(drafts.length, [...groupPairs, ...twins.equal]);
  const said = 'Many records are alike, so';
  if (largest(exact) <= allowed) {
    problems.say(`${said} near-equal ones may stand in different splits.`);
    return exact;
  }
  problems.say(`${said} equal ones may stand in different splits. Switch on a step for duplicates.`);
  return plain;
}

/** Connected components (union-find), each with its members in order. */
function components(count: number, pairs: Pair[]): number[][] {
  const parent = Array.from({ length: count }, (_, at) => at);
  const rootOf = (at: number): number => {
    let root = at;
    while (parent[root] !== root) root = parent[root];
    for (let next = at; parent[next] !== root; ) [next, parent[next]] = [parent[next], root];
    return root;
  };
  for (const [a, b] of pairs) {
    const [low, high] = [rootOf(a), rootOf(b)].sort((x, y) => x - y);
    parent[high] = low;
  }
  const members = new Map<number, number[]>();
  for (let at = 0; at < count; at++) {
    const root = rootOf(at);
    const known = members.get(root);
    if (known === undefined) members.set(root, [at]);
    else known.push(at);
  }
  return [...members.values()];
}

function largest(groups: number[][]): number {
  return groups.reduce((most, group) => Math.max(most, group.length), 0);
}

function countLeaks(splits: Split[], twins: Twins): number {
  const leaking = new Set<number>();
  for (const [earlier, later] of [...twins.equal, ...twins.near]) {
    if (splits[earlier] === splits[later]) continue;
    leaking.add(splits[later] === 'train' ? earlier : later);
  }
  return leaking.size;
}
