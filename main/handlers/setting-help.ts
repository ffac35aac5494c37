// One label, unit and sentence for each field of TrainSettings, by path. The order is that of the contract.

interface Help {
  label: string;
  unit: string;
  help: string;
}

export const settingHelp: Record<string, Help> = {
  method: {
    label: 'Method',
    unit: '',
    help: 'LoRA trains small added matrices and keeps the model; full fine-tuning changes every weight.',
  },
  'lora.rank': {
    label: 'Rank',
    unit: '',
    help: 'Width of the added matrices: more can learn more, and needs more memory and disk.',
  },
  'lora.alpha': {
    label: 'Alpha',
    unit: '',
    help: 'How strongly the added matrices count: their product is scaled by alpha divided by rank.',
  },
  'lora.dropout': {
    label: 'Dropout',
    unit: 'share of inputs',
    help: 'Inputs of the added matrices that are left out at random, against learning by heart.',
  },
  'lora.targets': {
    label: 'Where',
    unit: '',
    help: 'The linear layers that get added matrices; all of them is the best start.',
  },
  'lora.rslora': {
    label: 'rsLoRA',
    unit: '',
    help: 'Scales by alpha divided by the square root of rank, which keeps high ranks effective.',
  },
  'optimizer.kind': {
    label: 'Optimizer',
    unit: '',
    help: 'The rule that turns gradients into changes of weights; AdamW suits almost everything.',
  },
  'optimizer.momentum': {
    label: 'Momentum',
    unit: '',
    help: 'Share of the last direction that is kept at each step.',
  },
  'optimizer.nesterov': {
    label: 'Nesterov',
    unit: '',
    help: 'Looks one step ahead along the momentum before it corrects the direction.',
  },
  'optimizer.beta1': {
    label: 'Beta 1',
    unit: '',
    help: 'How slowly the mean of the gradients forgets.',
  },
  'optimizer.beta2': {
    label: 'Beta 2',
    unit: '',
    help: 'How slowly the mean of the squared gradients forgets.',
  },
  'optimizer.eps': {
    label: 'Epsilon',
    unit: '',
    help: 'A small number that keeps the division by the gradient size from failing.',
  },
  learningRate: {
    label: 'Learning rate',
    unit: '',
    help: 'Size of each change: too high and the loss jumps or is not a number, too low and nothing is learned.',
  },
  weightDecay: {
    label: 'Weight decay',
    unit: 'per learning rate',
    help: 'Pulls weights towards zero at each step, against learning by heart.',
  },
  maxGradNorm: {
    label: 'Clip gradients at',
    unit: 'norm',
    help: 'Longer gradients are shortened to this length, so that one odd record cannot do harm; 0 switches it off.',
  },
  schedule: {
    label: 'Schedule',
    unit: '',
    help: 'How the learning rate changes over the run.',
  },
  warmupSteps: {
    label: 'Warm-up',
    unit: 'steps',
    help: 'The learning rate rises from zero during these steps, because the first gradients are the roughest.',
  },
  epochs: {
    label: 'Epochs',
    unit: 'times through the records',
    help: 'How often each training record is used.',
  },
  batchSize: {
    label: 'Batch size',
    unit: 'records',
    help: 'Records behind each change of the weights. Memory does not depend on it.',
  },
  microBatchTokens: {
    label: 'Tokens a pass',
    unit: 'tokens',
    help: 'Tokens computed at once, with padding: more is faster and needs more memory; 0 lets Tunesmith choose.',
  },
  maxLength: {
    label: 'Longest record',
    unit: 'tokens',
    help: 'Longer records are cut at this length; 0 takes the context length of the model.',
  },
  packing: {
    label: 'Packing',
    unit: '',
    help: 'Puts short records side by side without letting them see each other, instead of filling up with padding.',
  },
  recompute: {
    label: 'Recomputation',
    unit: '',
    help: 'Computes some values a second time instead of keeping them: less memory, a little slower, the same numbers.',
  },
  evalEvery: {
    label: 'Validate every',
    unit: 'steps',
    help: 'How often the loss on the validation records is measured; 0 means about ten times a run.',
  },
  patience: {
    label: 'Stop after',
    unit: 'validations without a better loss',
    help: 'Ends the run early when it no longer gets better; 0 never does.',
  },
  checkpointEvery: {
    label: 'Save every',
    unit: 'steps',
    help: 'How often everything needed to go on is written to disk; 0 lets Tunesmith choose.',
  },
  samplePrompts: {
    label: 'Prompts',
    unit: '',
    help: 'Up to eight prompts that the model answers at each validation, to see it learn.',
  },
  threads: {
    label: 'Threads',
    unit: 'threads',
    help: 'Processor threads used; 0 takes all. Another number can change the last digits of the loss.',
  },
  provider: {
    label: 'Device',
    unit: '',
    help: 'What computes: the processor, or a graphics card that passed its check.',
  },
  seed: {
    label: 'Seed',
    unit: '',
    help: 'The same seed, recipe and data give the same run.',
  },
};
