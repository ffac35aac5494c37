// The plan of a run as text: steps and time, each part of memory against what is free, what every policy of recomputation
// costs and saves, and the nearest setting that fits. Starts nothing.
import type { MemoryPolicy, MemoryRemedy, Plan, TrainSettings } from '../contract/runs.ts';
import { megabytes, tableOf } from './command.ts';

const verdicts = { fits: 'fits', tight: 'fits, but barely', 'too-large': 'does not fit' } as const;

export function describePlan(plan: Plan, settings: TrainSettings): string {
  const memory = [
    ...plan.memory.map(({ name, bytes }) => [name, megabytes(bytes)]),
    ['at its peak (predicted)', megabytes(plan.peakBytes)],
    ['may be used here', `${megabytes(plan.availableBytes)}: ${verdicts[plan.verdict]}`],
  ];
  const sections = [
    `${plan.steps} steps, about ${seconds(plan.seconds)}, ${megabytes(plan.diskBytes)} on the disk`,
    tableOf([['memory', ''], ...memory]),
    ...(plan.policies.length > 0 ? [policyTable(plan.policies, settings.recompute)] : []),
    ...(plan.verdict === 'too-large' ? [nearestOf(plan.nearest, settings)] : []),
    ...(plan.checks.length > 0
      ? [plan.checks.map((check) => `${check.state}: ${check.sentence}`).join('\n')]
      : []),
  ];
  return sections.join('\n\n');
}

function policyTable(policies: readonly MemoryPolicy[], chosen: TrainSettings['recompute']): string {
  const own = policies.find(({ recompute }) => recompute === chosen);
  const rows = policies.map((policy) => [
    policy.recompute,
    megabytes(policy.peakBytes),
    seconds(policy.seconds),
    policy === own || !own ? 'chosen' : difference(policy, own),
    verdicts[policy.verdict],
  ]);
  return tableOf([['recompute', 'memory', 'time', 'against the chosen one', ''], ...rows]);
}

function difference(policy: MemoryPolicy, own: MemoryPolicy): string {
  const saved = own.peakBytes - policy.peakBytes;
  const longer = policy.seconds - own.seconds;
  const memory = saved >= 0 ? `saves ${megabytes(saved)}` : `needs ${megabytes(-saved)} more`;
  if (Math.abs(longer) < 1) return `${memory}, takes as long`;
  return longer > 0
    ? `${memory}, takes ${seconds(longer)} longer`
    : `${memory}, ends ${seconds(-longer)} earlier`;
}

/** The nearest setting that fits, as options to type. */
function nearestOf(nearest: MemoryRemedy | null, settings: TrainSettings): string {
  if (nearest === null)
    return 'No setting of this recipe fits: cut records (--set maxLength=...), choose a smaller model, or close other programs.';
  const { recompute, microBatchTokens, maxLength, cuts, peakBytes } = nearest;
  const changes = [
    ...(recompute === settings.recompute ? [] : [`recompute=${recompute}`]),
    ...(microBatchTokens > 0 && microBatchTokens !== settings.microBatchTokens
      ? [`microBatchTokens=${microBatchTokens}`]
      : []),
    ...(cuts ? [`maxLength=${maxLength}`] : []),
  ];
  const result = cuts ? 'What is cut off is not learned.' : 'The result stays the same.';
  return `Nearest that fits, ${megabytes(peakBytes)}: ${changes.map((one) => `--set ${one}`).join(' ')}. ${result}`;
}

/** "48 s", "12 min", "3.5 h". */
function seconds(value: number): string {
  if (value < 120) return `${Math.ceil(value)} s`;
  return value < 7200 ? `${Math.round(value / 60)} min` : `${(value / 3600).toFixed(1)} h`;
}
