// The words of the Model screen. No React.
import type { BaseModel, Fit, HubLookup, NewToken } from '../../../main/contract/models.ts';
import type { Tone } from '../../components/chip.tsx';
import { bytes, integer } from '../../components/format.ts';

export const originWords: Record<BaseModel['origin'], { label: string; help: string }> = {
  starter: { label: 'Starter', help: 'Comes with Tunesmith. Small, made for learning.' },
  folder: { label: 'Folder', help: 'A folder on this computer in Hugging Face format.' },
  cache: { label: 'Cache', help: 'Found in the Hugging Face cache of this computer.' },
  download: { label: 'Download', help: 'Downloaded from the Hugging Face Hub when you asked for it.' },
  scratch: { label: 'From scratch', help: 'Made here, with a tokenizer of your own text.' },
  grown: { label: 'More tokens', help: 'Made here of another model, with rows for more tokens.' },
};

/** Tokens of two fields, one a line each; blank lines do not count. */
export function newTokens(shown: string, special: string): NewToken[] {
  const lines = (text: string) => text.split('\n').flatMap((line) => line.trim() || []);
  return [
    ...lines(shown).map((content) => ({ content, special: false })),
    ...lines(special).map((content) => ({ content, special: true })),
  ];
}

export const verdictWords: Record<Fit['verdict'], { label: string; tone: Tone }> = {
  fits: { label: 'Fits', tone: 'success' },
  tight: { label: 'Tight', tone: 'warning' },
  'too-large': { label: 'Too large', tone: 'danger' },
};

export const methodWords: Record<Fit['method'], { label: string; help: string }> = {
  lora: { label: 'LoRA', help: 'Trains a small adapter beside the frozen model. Right for most goals.' },
  full: { label: 'Full fine-tuning', help: 'Trains every weight. Needs several times the memory.' },
};

/** One sentence about a fit, for hover and for screen readers. */
export function fitSentence(fit: Fit): string {
  return `Needs about ${bytes(fit.peakBytes)} at the peak; ${bytes(fit.availableBytes)} may be planned with.`;
}

/** What a download would fetch, in reading order. */
export function lookupFacts(found: HubLookup): [label: string, value: string][] {
  const lora = found.fits.find((fit) => fit.method === 'lora');
  const rest = found.bytes - found.missingBytes;
  return [
    [
      'Licence',
      `${found.licence ?? 'not stated'}${found.gated ? ', its terms have to be accepted on the Hub' : ''}`,
    ],
    ['Download', `${bytes(found.missingBytes)}${rest > 0 ? `, ${bytes(rest)} are here already` : ''}`],
    ['Free', `${bytes(found.freeDiskBytes)} on that disk`],
    ['Destination', found.destination],
    ['Revision', `${found.revision} (${found.commit.slice(0, 12)})`],
    ['Architecture', found.architecture || 'not stated'],
    ['Memory', lora ? `${bytes(lora.peakBytes)} predicted with LoRA` : 'known after the download'],
  ];
}

/** Faults that a Hub token may mend. */
export function needsToken(fault: unknown): boolean {
  const code = typeof fault === 'object' && fault !== null && 'code' in fault ? String(fault.code) : '';
  return ['hub-gated', 'hub-token-refused', 'hub-model-missing'].includes(code);
}

/** Facts of a model, in reading order: name and value. */
export function modelFacts(model: BaseModel): [label: string, value: string, help: string][] {
  return [
    ['Licence', model.licence ?? 'not stated in the folder', 'Read it before you use the model for others.'],
    ['Architecture', model.architecture, 'The family that decides how the layers are computed.'],
    [
      'Weights',
      `${integer(model.parameters)} in ${model.dtype}`,
      'Numbers that the model learned, and how each is stored.',
    ],
    ['Context', `${integer(model.contextLength)} tokens`, 'The longest text that the model takes at once.'],
    ['Vocabulary', `${integer(model.vocabularySize)} tokens`, 'Pieces of text that the tokenizer knows.'],
    [
      'Layers',
      `${integer(model.layers)}, ${integer(model.hiddenSize)} wide`,
      'Depth and width of the network.',
    ],
    [
      'Chat template',
      model.hasChatTemplate ? 'yes' : 'none: records are rendered plainly',
      'How a conversation is written as text for this model.',
    ],
  ];
}
