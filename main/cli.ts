// The command line: `tunesmith <noun> <verb>`, over the same backend as the windows. Results go to stdout, progress to
// stderr. Exit codes: 0 done, 1 failed, 2 wrong usage. Knows no command by name: each noun has its file in cli/.

import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Backend, createBackend, homeFolder } from './backend.ts';
import { type Command, createContext, UsageError } from './cli/command.ts';
import { commands } from './cli/index.ts';
import { nearest, optionFault, unknownCommand } from './cli/usage.ts';
import { type ErrorShape, toErrorShape } from './errors.ts';
import { applicationRoot, applicationVersion } from './place.ts';

export interface Output {
  out(text: string): void;
  err(text: string): void;
  /** Whether stderr is a terminal, where progress may overwrite its line. */
  isTerminal: boolean;
}

const commonOptions = {
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** Runs one command line; returns the exit code. */
export async function runCommandLine(
  args: string[],
  output: Output,
  openBackend: () => Backend = openCliBackend,
): Promise<number> {
  const command = findCommand(args);
  if (!command) {
    const wanted = args.filter((arg) => !arg.startsWith('-'));
    if (wanted.length === 0 && args.includes('--version')) {
      output.out(applicationVersion());
      return 0;
    }
    const asked = args.length === 0 || args.includes('--help') || args.includes('-h');
    const nouns = commands.map(({ name }) => name.split(' ')[0]);
    if (asked && (wanted.length === 0 || (wanted.length === 1 && nouns.includes(wanted[0])))) {
      output.out(overview(wanted[0]));
      return 0;
    }
    if (wanted.length > 0) output.err(`${unknownCommand(commands, wanted)}\n`);
    output.err(overview(nearest(wanted[0] ?? '', nouns) ?? undefined));
    return 2;
  }
  const json = args.includes('--json');
  const fail = (error: ErrorShape, code: number): number => {
    if (json) output.out(JSON.stringify({ error }, null, 2));
    else output.err(`${error.message}${error.remedy ? `\n${error.remedy}` : ''}`);
    return code;
  };
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(command, args.slice(command.name.split(' ').length));
  } catch (error) {
    return fail(
      {
        code: 'usage',
        message: optionFault(command, error as Error),
        remedy: `${usageOf(command)}\nAll options: tunesmith ${command.name} --help`,
      },
      2,
    );
  }
  if (parsed.values.help) {
    output.out(helpOf(command));
    return 0;
  }
  let backend: Backend | undefined;
  try {
    backend = openBackend();
    await backend.recovered;
    const context = createContext(backend, parsed.positionals, parsed.values, output);
    const stop = onInterrupt(backend, output);
    try {
      const result = await command.run(context);
      output.out(json ? JSON.stringify(result.json, null, 2) : result.text);
    } finally {
      stop();
    }
    return 0;
  } catch (error) {
    if (error instanceof UsageError)
      return fail(
        {
          code: 'usage',
          message: error.message,
          remedy: `${usageOf(command)}\nAll options: tunesmith ${command.name} --help`,
        },
        2,
      );
    return fail(toErrorShape(error), 1);
  } finally {
    await backend?.close();
  }
}

function findCommand(args: string[]): Command | undefined {
  return commands.find((command) => command.name.split(' ').every((word, index) => args[index] === word));
}

function parse(command: Command, args: string[]) {
  const { values, positionals } = parseArgs({
    args,
    options: { ...command.options, ...commonOptions },
    allowPositionals: true,
    strict: true,
  });
  const needed = command.arguments.filter((name) => !name.startsWith('['));
  const rest = command.arguments.at(-1)?.includes('...');
  if (!values.help && positionals.length < needed.length)
    throw new UsageError(`"${command.name}" needs ${needed.join(' and ')}.`);
  if (!rest && positionals.length > command.arguments.length)
    throw new UsageError(`"${positionals[command.arguments.length]}" is one argument too many.`);
  return { values: values as Record<string, string | boolean | string[] | undefined>, positionals };
}

const usageOf = (command: Command): string =>
  `Usage: ${['tunesmith', command.name, ...command.arguments].join(' ')} [options]`;

function helpOf(command: Command): string {
  const options = Object.entries({
    ...command.optionHelp,
    json: 'print the result as JSON',
    help: 'show this',
  });
  const width = Math.max(...options.map(([name]) => name.length)) + 4;
  return [
    usageOf(command),
    '',
    command.summary,
    '',
    ...options.map(([name, help]) => `  ${`--${name}`.padEnd(width)}${help}`),
    ...(command.notes ? ['', ...command.notes] : []),
  ].join('\n');
}

function overview(noun: string | undefined): string {
  const some = commands.filter((command) => command.name.split(' ')[0] === noun);
  const listed = some.length > 0 ? some : commands;
  const lines = listed.map((command) => [[command.name, ...command.arguments].join(' '), command.summary]);
  const width = Math.max(...lines.map(([left]) => left.length)) + 2;
  return [
    'Usage: tunesmith <noun> <verb> [arguments] [options]',
    '',
    ...lines.map(([left, right]) => `  ${left.padEnd(width)}${right}`),
    '',
    'Each command has --help and --json. Projects are named by name, id or folder name.',
  ].join('\n');
}

/** Ctrl-C saves what runs, so that it can be resumed; a second one ends at once. */
function onInterrupt(backend: Backend, output: Output): () => void {
  let asked = false;
  const interrupt = (): void => {
    if (asked) process.exit(130);
    asked = true;
    output.err('Tunesmith saves what runs. Press Ctrl-C again to end at once.');
    void backend.close().finally(() => process.exit(130));
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, interrupt);
  return () => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.removeListener(signal, interrupt);
  };
}

function openCliBackend(): Backend {
  const root = applicationRoot();
  return createBackend({
    shell: { kind: 'cli' },
    home: homeFolder(),
    resources: join(root, 'resources'),
    engineFile: join(root, 'main', 'engine.ts'),
    nodePath: process.execPath,
    makeSample: false,
    version: applicationVersion(),
  });
}

if (import.meta.main) {
  const code = await runCommandLine(process.argv.slice(2), {
    out: (text) => void process.stdout.write(`${text}\n`),
    err: (text) => void process.stderr.write(`${text}\n`),
    isTerminal: process.stderr.isTTY === true,
  });
  process.exit(code);
}
