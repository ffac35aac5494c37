// The sample project as data: its documents with their rights, the two datasets made from them, and the settings
// that train each of them well on the starter model. Knows nothing of the store or the jobs that carry it out.

/** Folder of the committed documents, beside this file. Made by `make.ts`. */
export const sampleFolder = 'documents';

export interface SampleFile {
  name: string;
  title: string;
}

export interface SampleDataset {
  id: 'messages' | 'facts';
  name: string;
  description: string;
  /** The document that it is made from. */
  file: string;
  /** Templates over columns for the chat shape. */
  user: string;
  assistant: string;
  /** Column that names the split of each row. */
  splitColumn: string;
  records: { train: number; validation: number; test: number };
  /** What a test of the trained model must reach, as shares of exactly right answers. */
  target: { test: number; trained: number };
  training: SampleTraining;
}

/** LoRA on all linear layers with AdamW, falling linearly to zero. */
export interface SampleTraining {
  rank: number;
  alpha: number;
  learningRate: number;
  batchSize: number;
  epochs: number;
  warmupSteps: number;
  maxGradNorm: number;
  weightDecay: number;
  seed: number;
}

const shared = {
  rank: 16,
  alpha: 32,
  learningRate: 2e-3,
  batchSize: 16,
  warmupSteps: 20,
  maxGradNorm: 1,
  weightDecay: 0,
  seed: 1,
} as const;

const files: readonly SampleFile[] = [
  { name: 'customer-messages.csv', title: 'Customer messages, sorted by the service team' },
  { name: 'questions.csv', title: 'Questions and answers about the products' },
  { name: 'handbook.docx', title: 'Handbook of the service team' },
  { name: 'product-sheets.pdf', title: 'Product sheets' },
  { name: 'faq.html', title: 'Frequent questions' },
  { name: 'ticket-log.csv', title: 'Ticket log of the workshop' },
];

const datasets: readonly SampleDataset[] = [
  {
    id: 'messages',
    name: 'Sort customer messages',
    description: 'A message becomes one line: category, product, customer and urgency.',
    file: 'customer-messages.csv',
    user: '{message}',
    assistant: '{category} | {product} | {customer} | {urgency}',
    splitColumn: 'split',
    records: { train: 1400, validation: 60, test: 120 },
    target: { test: 0.95, trained: 0.95 },
    training: { ...shared, batchSize: 8, epochs: 4 },
  },
  {
    id: 'facts',
    name: 'Know the products',
    description: '120 facts about the products, each asked in five ways; one way is held out.',
    file: 'questions.csv',
    user: '{question}',
    assistant: '{answer}',
    splitColumn: 'split',
    records: { train: 480, validation: 0, test: 120 },
    target: { test: 0.7, trained: 0.95 },
    training: { ...shared, epochs: 30 },
  },
];

export const sample = {
  name: 'Fennmark service desk',
  description:
    'Documents of Fennmark, a made-up company that builds devices for the home. Train the starter model to sort ' +
    'customer messages, or to know the products by heart.',
  files,
  /** Every document was written for this project. */
  rights: {
    basis: 'own-work',
    who: 'The Tunesmith authors',
    note: 'Written for this sample. Fennmark, its products and its customers are invented.',
    attestedAt: '2024-07-01T12:00:00.000Z',
  },
  datasets,
  /** The dataset behind the first button. */
  first: 'messages',
} as const;
