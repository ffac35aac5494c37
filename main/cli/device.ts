// tunesmith device ...
import { Provider, type Verdict } from '../contract/devices.ts';
import { AppError } from '../errors.ts';
import { type Command, tableOf, UsageError } from './command.ts';

export const deviceCommands: Command[] = [
  {
    name: 'device list',
    summary: 'Lists what can compute on this computer, with the verdict of its check.',
    arguments: [],
    options: {},
    optionHelp: {},
    async run({ call }) {
      const { devices } = await call('settings.machine', {});
      const rows = devices.map((one) => [
        one.provider,
        one.name,
        one.memoryBytes === null ? null : `${(one.memoryBytes / 1e9).toFixed(1)} GB`,
        one.driver,
        one.state,
        one.verdict === null ? null : new Date(one.verdict.time).toISOString().slice(0, 10),
        `${one.detail} ${one.remedy}`.trim(),
      ]);
      const header = ['provider', 'device', 'memory', 'driver', 'state', 'checked', 'why'];
      return { json: devices, text: tableOf([header, ...rows]) };
    },
  },
  {
    name: 'device check',
    summary:
      'Compares a device with the processor, operation by operation and over twenty steps of training.',
    arguments: ['<provider>'],
    options: {},
    optionHelp: {},
    async run({ call, job, positionals: [given] }) {
      const provider = Provider.safeParse(given);
      if (!provider.success)
        throw new UsageError(`There is no provider "${given}". There are ${Provider.options.join(', ')}.`);
      const { id } = await call('devices.check', { provider: provider.data });
      const { verdict } = (await job(id)).result as { verdict: Verdict };
      if (!verdict.trusted) throw new AppError('device-refused', verdict.sentence, 'Train on the processor.');
      return { json: verdict, text: verdict.sentence };
    },
  },
];
