// The generator of encoder-decoders: the same calls as of decoders (generate.ts), with the text that the encoder reads as
// the prompt. Source and target have a context each, so a prompt leaves room whatever its length.
import type { DecoderOptions } from './decoder.ts';
import type { BatchOptions, Generated, GenerateRequest, Generator } from './generate.ts';
import { createTargetWriter } from './targets.ts';

/** Rows computed at once. */
const mostRows = 16;

export function createTargetGenerator(options: DecoderOptions): Generator {
  const writer = createTargetWriter(options);
  const { contextLength } = options.model.shape;

  const generate = async ({
    promptIds,
    options: wanted,
    signal,
    onToken,
  }: GenerateRequest): Promise<Generated> => {
    const began = performance.now();
    let firstAt = began;
    const logprobs: number[] = [];
    const maxNewTokens = Math.min(wanted.maxNewTokens, contextLength);
    const [{ ids, ended }] = await writer.write([{ ids: promptIds }], {
      ...wanted,
      maxNewTokens,
      signal,
      onToken: (_, id, logprob) => {
        if (logprobs.length === 0) firstAt = performance.now();
        logprobs.push(logprob);
        return onToken?.(id, logprob);
      },
    });
    // a search knows its first token when it knows the last one
    const searched = (wanted.search?.beams ?? 1) > 1;
    const seconds = (performance.now() - (searched ? began : firstAt)) / 1000;
    const stopped = ended || (ids.length < maxNewTokens && !signal?.aborted);
    return {
      ids,
      logprobs,
      finish: stopped ? 'stop' : signal?.aborted ? 'cancelled' : 'length',
      promptTokens: promptIds.length,
      msToFirstToken: firstAt - began,
      tokensPerSecond: ids.length > 1 && seconds > 0 ? (ids.length - 1) / seconds : 0,
    };
  };

  const generateBatch = async (
    prompts: readonly (readonly number[])[],
    { signal, rows = mostRows, onDone, ...wanted }: BatchOptions,
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
    for (let start = 0; start < order.length && !signal?.aborted; start += rows) {
      const group = order.slice(start, start + rows);
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
