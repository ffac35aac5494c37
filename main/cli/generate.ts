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
      seed: { type: 'string' },
    },
    optionHelp: {
      run: 'number of the run; without it the base model answers',
      model: 'id or name of the base model',
      system: 'a system message',
      'max-tokens': 'longest answer in tokens (200)',
      temperature: '0 takes the most probable token (0)',
      'top-p': 'share of probability to sample from (1)',
      seed: 'seed of the sampling (42)',
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
          seed: number('seed', 42),
        },
      });
      await call('chat.close', { sessionId: session.id });
      return { json: answer, text: answer.text };
    },
  },
];
