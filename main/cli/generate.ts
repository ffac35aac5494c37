// tunesmith generate
import { type Command, UsageError } from './command.ts';
import { findModel } from './model.ts';
import { findRun } from './run.ts';

export const generateCommands: Command[] = [
  {
    name: 'generate',
    summary: 'Answers a prompt with the base model, or with a run on it.',
    arguments: ['<project>', '<prompt>'],
    options: {
      run: { type: 'string' },
      model: { type: 'string' },
      system: { type: 'string' },
      'max-tokens': { type: 'string' },
      temperature: { type: 'string' },
      'top-p': { type: 'string' },
      'top-k': { type: 'string' },
      'min-p': { type: 'string' },
      'repetition-penalty': { type: 'string' },
      stop: { type: 'string', multiple: true },
      seed: { type: 'string' },
      beams: { type: 'string' },
      'length-penalty': { type: 'string' },
    },
    optionHelp: {
      run: 'number of the run; without it the base model answers',
      model: 'id or name of the base model',
      system: 'a system message',
      'max-tokens': 'longest answer in tokens (200)',
      temperature: '0 takes the most probable token (0)',
      'top-p': 'share of probability to sample from (1)',
      'top-k': 'sample from so many of the most probable tokens; 0 = all (0)',
      'min-p': 'leave out tokens below this share of the most probable one (0)',
      'repetition-penalty': 'above 1: tokens that were there before become less probable (1)',
      stop: 'text that ends the answer (may be repeated, up to four)',
      seed: 'seed of the sampling (42)',
      beams: 'encoder-decoders: answers followed at once to find the likeliest, 1 to 16 (1)',
      'length-penalty': 'with beams: above 0 longer answers win, below 0 shorter ones (1)',
    },
    async run(context) {
      const { call, option, number } = context;
      const [given, prompt] = context.positionals;
      if (prompt.trim() === '') throw new UsageError('The prompt is empty.');
      const { id: projectId } = await context.project(given);
      const run = option('run') === undefined ? undefined : await findRun(context, projectId, option('run'));
      const modelId = run?.recipe.modelId ?? (await findModel(context, projectId, option('model'))).id;
      const session = await call('chat.open', { projectId, modelId, runIds: run ? [run.id] : [] });
      const column = session.columns.find((one) => one.runId === (run?.id ?? null))!;
      const system = option('system');
      const messages = [
        ...(system === undefined ? [] : [{ role: 'system' as const, content: system }]),
        { role: 'user' as const, content: prompt },
      ];
      const [answer] = await call('chat.send', {
        sessionId: session.id,
        conversations: { [column.id]: messages },
        options: {
          maxNewTokens: number('max-tokens', 200),
          temperature: number('temperature', 0),
          topP: number('top-p', 1),
          topK: number('top-k', 0),
          minP: number('min-p', 0),
          repetitionPenalty: number('repetition-penalty', 1),
          stop: context.options('stop'),
          seed: number('seed', 42),
          beams: number('beams', 1),
          lengthPenalty: number('length-penalty', 1),
        },
      });
      await call('chat.close', { sessionId: session.id });
      return { json: answer, text: answer.text };
    },
  },
];
