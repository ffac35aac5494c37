// Runs command lines in this process, each over a backend of its own in one home folder, as a terminal would.
import { runCommandLine } from '../../main/cli.ts';
import { openTestBackend } from './home.ts';

export function commandLineIn(homeFolder: string) {
  const tunesmith = async (...args: string[]) => {
    const out: string[] = [];
    const err: string[] = [];
    const output = {
      out: (text: string) => void out.push(text),
      err: (text: string) => void err.push(text),
      isTerminal: false,
    };
    const code = await runCommandLine(args, output, () => openTestBackend(homeFolder));
    return { code, out: out.join('\n'), err: err.join('\n'), json: () => JSON.parse(out.join('\n')) };
  };
  /** The JSON of a command line that ends with 0; anything else is told with what it printed. */
  const json = async (...args: string[]) => {
    const { code, out, err } = await tunesmith(...args, '--json');
    if (code !== 0) throw new Error(`tunesmith ${args.join(' ')} ended with ${code}: ${out} ${err}`);
    return JSON.parse(out);
  };
  return { tunesmith, json };
}
