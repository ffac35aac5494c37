// The generator of encoder-decoders: the same calls as of decoders (generate.ts), with the text that the encoder reads as
// the prompt. Source and target have a context each, so a prompt leaves room whatever its length. Times are those of
// computing, as there.
import type { DecoderOptions } from './decoder.ts';
import type { BatchOptions, Generated, GenerateRequest, Generator } from './generate.ts';
import { createTargetWriter } from './targets.ts';

/** No group of prompts that are answered at once is larger. */
const mostSources = 48;

export function createTargetGenerator(options: DecoderOptions): Generator {
  const writer = createTargetWriter(options);
  const { contextLength } = options.model.shape;

  const generate = async ({
    promptIds,
    options: wanted,
    signal,
    onToken,
  }: GenerateRequest): Promise<Generated> => {
    const began = writer.busySeconds();
    let firstAt = began;
    const logprobs: number[] = [];
    const maxNewTokens = Math.min(wanted.maxNewTokens, contextLength);
    const [{ ids, ended }] = await writer.write([{ ids: promptIds }], {
      ...wanted,
      maxNewTokens,
      signal,
      onToken: (_, id, logprob) => {
        if (logprobs.length === 0) firstAt = writer.busySeconds();
        logprobs.push(logprob);
        return onToken?.(id, logprob);
      },
    });
    // a search knows its first token when it knows the last one
    const searched = (wanted.search?.beams ?? 1) > 1;
    const seconds = writer.busySeconds() - (searched ? began : firstAt);
    const stopped = ended || (ids.length < maxNewTokens && !signal?.aborted);
    return {
      ids,
      logprobs,
      finish: stopped ? 'stop' : signal?.aborted ? 'cancelled' : 'length',
      promptTokens: promptIds.length,
      msToFirstToken: (firstAt - began) * 1000,
      tokensPerSecond: ids.length > 1 && seconds > 0 ? (ids.length - 1) / seconds : 0,
    };
  };

  const generateBatch = async (
    prompts: readonly (readonly number[])[],
    { signal, rows, onDone, ...wanted }: BatchOptions,
  ): Promise<Generated[]> => {
    const answers = prompts.map(
      (prompt): Generated => ({
        ids: [],
        logprobs: [],
        finish: 'cancelled',
        promptTokens: prompt.length,
        msToFirstToken: 0,
        tokensPerSecond: 0,
      }),
    );
    const order = [...prompts.keys()].sort((a, b) => prompts[a].length - prompts[b].length || a - b);
    const maxNewTokens = Math.min(wanted.maxNewTokens, contextLength);
    for (let start = 0; start < order.length && !signal?.aborted; ) {
      const longest = prompts[order[Math.min(start + mostSources, order.length) - 1]].length;
      const room = rows ?? writer.rowsFor(longest, maxNewTokens);
      const group = order.slice(start, start + Math.max(1, Math.floor(room / (wanted.search?.beams ?? 1))));
      start += group.length;
      const sources = group.map((index) => ({ ids: prompts[index] }));
      const targets = await writer.write(sources, { ...wanted, maxNewTokens, signal });
      group.forEach((index, row) => {
        const { ids, ended } = targets[row];
        const cancelled = !ended && ids.length < maxNewTokens;
        answers[index] = {
          ...answers[index],
          ids,
          finish: ended ? 'stop' : cancelled ? 'cancelled' : 'length',
        };
        if (!cancelled) onDone?.(index, answers[index]);
      });
    }
    return answers;
  };

  return { model: options.model, generate, generateBatch, release: () => writer.release() };
}
