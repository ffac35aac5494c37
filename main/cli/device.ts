// tunesmith device ...
import { type CudaLibraries, Provider, type Verdict } from '../contract/devices.ts';
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
        forTerminal(`${one.detail} ${one.remedy}`.trim()),
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
      const { id } = await call('devices.check', { provider: provider.data }).catch((error: unknown) => {
        if (!(error instanceof AppError)) throw error;
        throw new AppError(error.code, error.message, forTerminal(error.remedy), { cause: error });
      });
      const { verdict } = (await job(id)).result as { verdict: Verdict };
      if (!verdict.trusted) throw new AppError('device-refused', verdict.sentence, 'Train on the processor.');
      return { json: verdict, text: verdict.sentence };
    },
  },
  {
    name: 'device libraries',
    summary: 'Lists the libraries that CUDA needs, gets those that are missing, or removes what was fetched.',
    arguments: [],
    options: { get: { type: 'boolean' }, remove: { type: 'boolean' } },
    optionHelp: {
      get: 'fetches what is missing, after telling its size, source and licence',
      remove: 'deletes what was fetched',
    },
    async run({ call, flag, job, say }) {
      if (flag('get') && flag('remove')) throw new UsageError('Give --get or --remove, not both.');
      if (flag('remove')) {
        const { fetchedBytes } = await call('devices.cudaLibraries', {});
        const left = await call('devices.removeCudaLibraries', {});
        return { json: left, text: `Removed ${megabytes(fetchedBytes)} of CUDA libraries.` };
      }
      const found = await call('devices.cudaLibraries', {});
      if (!flag('get')) return { json: found, text: describeLibraries(found) };
      if (found.missing.length > 0) say(describeMissing(found));
      const { id } = await call('devices.getCudaLibraries', {});
      await job(id);
      const now = await call('devices.cudaLibraries', {});
      return { json: now, text: describeLibraries(now) };
    },
  },
];

function describeLibraries(found: CudaLibraries): string {
  const rows = found.libraries.map((one) => [
    one.file,
    one.part,
    one.state === 'other-version' ? 'other version' : one.state,
    one.version,
    one.folder ?? (one.needed ? null : 'only some operations need it'),
  ]);
  return [
    ...(rows.length === 0 ? [] : [tableOf([['library', 'part of', 'state', 'version', 'folder'], ...rows])]),
    ...(found.driver === null ? [] : [`driver ${found.driver}`]),
    ...(found.missing.length === 0 ? [] : [describeMissing(found)]),
    ...(found.message === '' ? [] : [forTerminal(`${found.message} ${found.remedy}`.trim())]),
    ...(found.state === 'complete' ? ['CUDA has what it needs. Check it: tunesmith device check cuda'] : []),
  ].join('\n');
}

/** What a fetch brings: each package with its size, source and licence. */
function describeMissing(found: CudaLibraries): string {
  return [
    ...found.missing.map(
      (one) =>
        `  ${one.name} ${one.version}  ${megabytes(one.bytes)} from ${one.host}, ${one.licence} (${one.licenceAddress})`,
    ),
    `to fetch: ${megabytes(found.missingBytes)}, about ${megabytes(found.unpackedBytes)} on the disk, ${megabytes(found.freeDiskBytes)} free`,
    `to: ${found.folder}`,
  ].join('\n');
}

/** Sentences that name the screen name the command here. */
const forTerminal = (text: string): string =>
  text.replace('under Settings, Devices', 'with "tunesmith device libraries --get"');

const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6).toLocaleString('en-US')} MB`;
