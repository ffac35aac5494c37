// Runs the graphs that an encoder-decoder writes with. Sources are read once; each step then reads one token a row and
// gives the logits of the next. Knows nothing of answers or of text.
import { AppError } from '../errors.ts';
import { isEncoderDecoder } from '../models/encoder-decoder.ts';
import type { Model } from '../models/load.ts';
import { replacedTensor } from '../models/lora.ts';
import { packedProductsOf } from '../models/packed-weights.ts';
import { declaredFeeds } from '../training/feeds.ts';
import { createSession, type Numbers, type Session } from '../training/session.ts';
import { createSessionCache } from '../training/session-cache.ts';
import { layTexts, type Text } from '../training/tasks/texts.ts';
import type { DecoderOptions } from './decoder.ts';
import type { DecodeOptions } from './kv-cache.ts';
import { TargetCache } from './target-cache.ts';
import { compileEncode, compileStep } from './target-graph.ts';
import { widenedWeights } from './weights.ts';

/** Texts that are being written: `beams` of each source, those of a source in rows next to each other. */
export interface Writing {
  readonly rows: number;
  /** One token of each row [rows], the first of which is the start token: logits [rows, vocabulary] of the next. */
  step(ids: Int32Array): Promise<Float32Array>;
  /** Row i goes on from what row `parents[i]` wrote. */
  reorder(parents: ArrayLike<number>): void;
}

const fewestPlaces = 32;

/** Places that sources of so many tokens are read in: 32, 48, 64, 96, 128, .. Every number of them is a graph of its own. */
export function sourcePlaces(tokens: number): number {
  let places = fewestPlaces;
  while (places < tokens) places *= 2;
  const between = (places * 3) / 4;
  return places > fewestPlaces && tokens <= between ? between : places;
}

/** Rows are one of these numbers. */
const rowSizes = [48, 32, 16, 8, 4, 2, 1];
/** A sixth of the memory that is free, and 512 MB in any case. */
const bytesLimit = () => Math.max(512e6, process.availableMemory() / 6);
/** Places of the first cache; a cache that is full gets twice as many. */
const firstPlaces = 64;

/** @throws AppError `model-without-targets` */
export function createTargetDecoder({
  model,
  weights,
  provider = 'cpu',
  threads,
  maxSessions = 8,
  lean = false,
}: DecoderOptions) {
  const { architecture, config } = model;
  if (!isEncoderDecoder(architecture)) {
    throw new AppError(
      'model-without-targets',
      `"${model.name}" has no decoder beside an encoder, so it makes no text out of another.`,
      'Choose an encoder-decoder such as T5.',
    );
  }
  const startId = architecture.decoderStart(config);
  const padId = Number(model.rawConfig.pad_token_id ?? startId);
  const attention = architecture.targetAttention(config);
  const trained = (weights?.pages ?? []).flatMap(({ entries }) => entries.map(({ name }) => name));
  const packs = provider === 'cpu' && model.quantized !== undefined;
  const replaced = new Set(trained.map((name) => replacedTensor(name) ?? name));
  const wide = lean && !packs ? new Map<string, Float32Array>() : widenedWeights(model, replaced);
  const constant: Record<string, Numbers> = {
    ...weights?.parameters.named('p'),
    ...Object.fromEntries([...wide].map(([name, array]) => [`w:${name}`, array])),
  };
  const packed = packs ? packedProductsOf(model) : undefined;
  const sessions = createSessionCache(sessionsFor(model, maxSessions));
  let busySeconds = 0;

  const run = async (
    key: string,
    compile: (options: DecodeOptions) => ReturnType<typeof compileStep>,
    feeds: Record<string, Numbers>,
    few = false,
  ): Promise<Record<string, Numbers>> => {
    const start = performance.now();
    const session = await sessions.get(key, async (): Promise<Session> => {
      const program = compile({
        model,
        pages: weights?.pages ?? [],
        sites: weights?.sites ?? [],
        widened: new Set(wide.keys()),
        provider,
        packed: await packed,
      });
      // packed weights make products of a few rows half as fast again, at the price of a copy of them
      const room = !lean && model.parameters * 4 < process.availableMemory() / 4;
      const prepack = packed !== undefined || (few && room);
      return createSession(program, { threads, prepack, weightsFolder: model.weightsFolder });
    });
    const outputs = await session.run(declaredFeeds(session.program, { ...feeds, ...constant }));
    busySeconds += (performance.now() - start) / 1000;
    return outputs;
  };

  return {
    /** Token that the decoder reads first. */
    startId,
    /** Reads the sources. */
    async begin(sources: readonly Text[], beams = 1): Promise<Writing> {
      const count = sources.length;
      const width = sourcePlaces(Math.max(...sources.map(({ ids }) => ids.length)));
      const { inputIds: ids, segmentIds } = layTexts(sources, { width, padId });
      const segments = segmentIds as Int32Array;
      const read = await run(
        `sources ${count} ${width}`,
        (options) => compileEncode({ sources: count, width }, options),
        { ids, segments },
      );
      let cache = new TargetCache(attention, count * beams, firstPlaces);
      return {
        rows: cache.rows,
        async step(next) {
          if (cache.length === cache.places) cache = cache.grown(2 * cache.places);
          const { places } = cache;
          const outputs = await run(
            `step ${count} ${width} ${beams} ${places}`,
            (options) => compileStep({ sources: count, width, beams, places }, options),
            { ids: next, past: Int32Array.of(cache.length), segments, ...read, ...cache.feeds() },
            cache.rows >= 4,
          );
          cache.take(outputs as Record<string, Float32Array>);
          return outputs.logits as Float32Array;
        },
        reorder: (parents) => cache.reorder(parents),
      };
    },
    /** Rows that memory has room for, of so many source and target tokens each. */
    rowsFor(sourceTokens: number, targetTokens: number): number {
      const { layers, heads, headDim } = attention;
      const keysAndValues = 8 * layers * heads * headDim * (sourceTokens + targetTokens);
      const scores = 8 * heads * sourceTokens ** 2; // of one layer of the encoder, twice
      const most = bytesLimit() / (keysAndValues + scores);
      return rowSizes.find((size) => size <= most) ?? 1;
    },
    /** Seconds of computing so far. */
    busySeconds: () => busySeconds,
    async release(): Promise<void> {
      await sessions.release();
    },
  };
}

/**
 * Sessions of several rows have a copy of the weights each: as many as a quarter of memory holds, but two of steps beside
 * one of sources.
 */
function sessionsFor({ parameters }: Model, most: number): number {
  return Math.max(3, Math.min(most, Math.floor(process.availableMemory() / 4 / (4 * parameters))));
}
