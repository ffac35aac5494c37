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
  task: {
    label: 'Task',
    unit: '',
    help: 'What an encoder learns from the answers: one label, several labels, a number, labels of words, or masked words of texts; automatic looks at them.',
  },
  startFrom: {
    label: 'Start from',
    unit: '',
    help: 'The weights to start from: those of the base model, or those that another run has learned.',
  },
  'startFrom.checkpoint': {
    label: 'Its checkpoint',
    unit: '',
    help: 'The best checkpoint of that run, by the measure that it was judged by, or the last one, to train it longer.',
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
    help: 'The layers that get added matrices; all linear ones is the best start. Embeddings and the output layer are for new words and take more memory.',
  },
  'lora.rslora': {
    label: 'rsLoRA',
    unit: '',
    help: 'Scales by alpha divided by the square root of rank, which keeps high ranks effective.',
  },
  'lora.dora': {
    label: 'DoRA',
    unit: '',
    help: 'Learns the length of each weight row apart from its direction: often better at low ranks, and slower.',
  },
  'lora.plusRatio': {
    label: 'LoRA+ ratio',
    unit: 'times',
    help: 'Learning rate of the second added matrix as a multiple of the first one; 16 learns faster, 1 is plain LoRA.',
  },
  'lora.exclude': {
    label: 'Except',
    unit: '',
    help: 'Layers that get no added matrices although they are chosen above.',
  },
  'lora.layers': {
    label: 'Layers',
    unit: '',
    help: 'Numbers of the layers that get added matrices, such as 0-3, 8; empty means all.',
  },
  'lora.rankPattern': {
    label: 'Own ranks',
    unit: '',
    help: 'Another rank for single layers, such as down_proj = 4.',
  },
  'lora.alphaPattern': {
    label: 'Own alphas',
    unit: '',
    help: 'Another alpha for single layers, such as down_proj = 8.',
  },
  'lora.bias': {
    label: 'Biases',
    unit: '',
    help: 'Also trains biases of the model: of every layer, or of those with added matrices.',
  },
  'lora.modulesToSave': {
    label: 'Train whole',
    unit: '',
    help: 'Modules that are trained whole and saved with the adapter, such as lm_head.',
  },
  quantization: {
    label: 'Base in few bits',
    unit: '',
    help: 'Keeps the frozen model in 8 or 4 bits a weight: a half or a quarter of its memory, a little worse and slower. NF4 is the usual one.',
  },
  lastLayers: {
    label: 'Last layers',
    unit: 'layers',
    help: 'Trains only this many layers at the end, with the last norm and the output layer; 0 trains all.',
  },
  freeze: {
    label: 'Freeze',
    unit: '',
    help: 'Parts of tensor names, such as embed_tokens or layers.0, that stay as they are.',
  },
  'optimizer.kind': {
    label: 'Optimizer',
    unit: '',
    help: 'The rule that turns gradients into changes of weights; AdamW suits almost everything, in 8 bits with a quarter of its memory.',
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
  'optimizer.dampening': {
    label: 'Dampening',
    unit: '',
    help: 'Share of each new gradient that is kept out of the momentum; 0 takes all of it.',
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
  'optimizer.alpha': {
    label: 'Smoothing',
    unit: '',
    help: 'How slowly the mean of the squared gradients forgets.',
  },
  'optimizer.centered': {
    label: 'Centred',
    unit: '',
    help: 'Divides by the spread of the gradients instead of their size.',
  },
  'optimizer.lrDecay': {
    label: 'Rate decay',
    unit: 'per step',
    help: 'Lowers the learning rate with each step, on top of the schedule.',
  },
  'optimizer.eps1': {
    label: 'Least square',
    unit: '',
    help: 'The smallest squared gradient that is counted.',
  },
  'optimizer.eps2': {
    label: 'Least scale',
    unit: '',
    help: 'The smallest size of a weight that the rate is scaled by.',
  },
  'optimizer.clipThreshold': {
    label: 'Clip updates at',
    unit: 'rms',
    help: 'An update whose root mean square is larger is shortened to this.',
  },
  'optimizer.decayRate': {
    label: 'Memory decay',
    unit: 'power',
    help: 'Power of the step by which older gradients fade; closer to 0 forgets faster.',
  },
  'optimizer.scaleParameter': {
    label: 'Scale by weights',
    unit: '',
    help: 'Makes the learning rate a share of the size of each weight matrix.',
  },
  'optimizer.relativeStep': {
    label: 'Own rate',
    unit: '',
    help: 'Takes a learning rate that follows from the step number, instead of the schedule.',
  },
  'optimizer.warmupInit': {
    label: 'Slow start',
    unit: '',
    help: 'Lets that own rate rise from nearly zero.',
  },
  'optimizer.restShare': {
    label: 'Rate of the rest',
    unit: 'share',
    help: 'Learning rate of everything but matrices, as a share of the rate of the matrices.',
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
  decayEverything: {
    label: 'Decay everything',
    unit: '',
    help: 'Pulls norms and biases towards zero as well, which is rarely wanted.',
  },
  maxGradNorm: {
    label: 'Clip gradients at',
    unit: 'norm',
    help: 'Longer gradients are shortened to this length, so that one odd record cannot do harm; 0 switches it off.',
  },
  clipNorm: {
    label: 'Length as',
    unit: '',
    help: 'How the length of all gradients is measured before it is limited.',
  },
  schedule: {
    label: 'Schedule',
    unit: '',
    help: 'How the learning rate changes over the run.',
  },
  'scheduleDetails.cycles': {
    label: 'Cycles',
    unit: 'waves',
    help: 'How many waves the cosine makes; empty takes what is usual for the schedule.',
  },
  'scheduleDetails.power': {
    label: 'Power',
    unit: '',
    help: 'Bends the fall of a polynomial: 1 is a line, 2 falls fast and ends softly.',
  },
  'scheduleDetails.minimum': {
    label: 'Lowest rate',
    unit: 'share',
    help: 'The lowest learning rate, as a share of the highest one.',
  },
  'scheduleDetails.warmupStart': {
    label: 'First rate',
    unit: 'share',
    help: 'The learning rate of the first step, as a share of the highest one.',
  },
  'scheduleDetails.timescale': {
    label: 'Timescale',
    unit: 'steps',
    help: 'Steps after the warm-up until the learning rate has fallen to 71 %.',
  },
  'scheduleDetails.decaySteps': {
    label: 'Fall',
    unit: 'steps',
    help: 'Steps at the end in which the learning rate falls; empty takes a tenth of the run.',
  },
  'scheduleDetails.warmupShape': {
    label: 'Shape of the rise',
    unit: '',
    help: 'The curve in which the learning rate rises.',
  },
  'scheduleDetails.decayShape': {
    label: 'Shape of the fall',
    unit: '',
    help: 'The curve in which the learning rate falls at the end.',
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
  cut: {
    label: 'What is cut',
    unit: '',
    help: 'What longer records lose: their end, or the beginning of the prompt, which keeps the answer. A system message stays where there is room.',
  },
  packing: {
    label: 'Packing',
    unit: '',
    help: 'Puts short records side by side without letting them see each other, instead of filling up with padding.',
  },
  labelSmoothing: {
    label: 'Label smoothing',
    unit: 'share',
    help: 'Gives this share of each target to all other tokens, so that the model is less sure of itself.',
  },
  neftuneAlpha: {
    label: 'NEFTune noise',
    unit: 'alpha',
    help: 'Adds noise to the embeddings while training, against learning by heart; 5 is usual, 0 adds none.',
  },
  recompute: {
    label: 'Recomputation',
    unit: '',
    help: 'Computes some values a second time instead of keeping them: less memory, a little slower, the same numbers.',
  },
  precision: {
    label: 'Precision',
    unit: '',
    help: 'Numbers that the model multiplies: half ones take less memory and are faster on most graphics cards; what is trained stays float32.',
  },
  evalEvery: {
    label: 'Validate every',
    unit: 'steps',
    help: 'How often the loss on the validation records is measured; 0 means about ten times a run.',
  },
  validationMetric: {
    label: 'Judged by',
    unit: '',
    help: 'What makes a validation better: the loss, or a measure of the answers, which has to suit what is learned. It chooses the best checkpoint, and when to stop.',
  },
  patience: {
    label: 'Stop after',
    unit: 'validations without a gain',
    help: 'Ends the run early when it no longer gets better; 0 never does.',
  },
  minimumGain: {
    label: 'Least gain',
    unit: '',
    help: 'What a validation must be better by, in the unit of the measure, for the run to go on; many small gains add up. 0 takes any.',
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
