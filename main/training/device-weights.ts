// Weights on a device: once for all graphs of a process that read the same model, whatever trains, measures or answers.
// Does not know what the arrays mean.
import { Graph } from '../compiler/graph.ts';
import { lower, type Provider } from '../compiler/lowering.ts';
import type { DType } from '../compiler/op.ts';
import type { Precision } from '../compiler/precision.ts';
import { sizeOf } from '../compiler/shape.ts';
import type { Model } from '../models/load.ts';
import { replacedTensor } from '../models/lora.ts';
import { readBytes, readTensor, type TensorInfo } from '../models/safetensors.ts';
import type { Page } from './parameters.ts';
import { createSession, type DeviceArray, type Feeds, type Numbers, type Session } from './session.ts';

/** An array that is to go to the device. */
export interface Upload {
  shape: readonly number[];
  dtype: DType;
  read(): Numbers;
}

/** Numbers of one upload: 256 MB, which are twice on the device meanwhile. */
const numbersAtOnce = 1 << 26;

export type Uploader = ReturnType<typeof createUploader>;

/** Its arrays are gone when it is released: they live in the memory of its sessions. */
export function createUploader(provider: Provider) {
  const sessions = new Map<string, Session>();
  const uploaded = new Set<DeviceArray>();

  const sessionFor = async (group: readonly Upload[]): Promise<Session> => {
    const key = group.map(({ shape, dtype }) => `${dtype} ${shape}`).join(';');
    const known = sessions.get(key);
    if (known !== undefined) return known;
    const g = new Graph();
    for (const [i, { shape, dtype }] of group.entries()) g.output(`y${i}`, g.input(`x${i}`, shape, dtype));
    const keep = group.map((_, i) => `y${i}`);
    const session = await createSession(lower(g, provider), { threads: 1, keep });
    sessions.set(key, session);
    return session;
  };

  return {
    /** Copies of the arrays on the device, by the same names. They are read some at a time. */
    async upload(arrays: ReadonlyMap<string, Upload>): Promise<Record<string, DeviceArray>> {
      const result: Record<string, DeviceArray> = {};
      for (const group of groupsOf([...arrays])) {
        const session = await sessionFor(group.map(([, array]) => array));
        const feeds = Object.fromEntries(group.map(([, { read }], i) => [`x${i}`, read()]));
        const { kept } = await session.runKeeping(feeds);
        for (const [i, [name]] of group.entries()) {
          result[name] = kept[`y${i}`];
          uploaded.add(kept[`y${i}`]);
        }
      }
      return result;
    },
    free(arrays: Readonly<Record<string, DeviceArray>>): void {
      for (const array of Object.values(arrays)) if (uploaded.delete(array)) array.dispose();
    },
    async release(): Promise<void> {
      for (const array of uploaded) array.dispose();
      uploaded.clear();
      for (const session of sessions.values()) await session.release();
      sessions.clear();
    },
  };
}

/** In their order, each group with no more numbers than are copied at once, or a single array. */
function groupsOf(arrays: readonly [string, Upload][]): [string, Upload][][] {
  const groups: [string, Upload][][] = [];
  let room = 0;
  for (const one of arrays) {
    const numbers = sizeOf(one[1].shape);
    if (groups.length === 0 || numbers > room) {
      groups.push([]);
      room = numbersAtOnce;
    }
    groups[groups.length - 1].push(one);
    room -= numbers;
  }
  return groups;
}

/** Of one model, for all that read it. */
interface Shared {
  users: number;
  uploader: Uploader;
  /** By type and name. */
  arrays: Map<string, Promise<DeviceArray>>;
}

const shared = new Map<string, Shared>();

/**
 * The weights of a model on a device. Uploaded when they are first asked for; freed when the last that asked for them was
 * released, which has to come after the sessions that read them.
 */
export function weightsOnDevice(model: Model, provider: Provider) {
  const places = [...model.tensors].map(([name, { file, offset }]) => [name, file, offset]);
  const key = `${provider} ${JSON.stringify(places)}`;
  const weights: Shared = shared.get(key) ?? {
    users: 0,
    uploader: createUploader(provider),
    arrays: new Map(),
  };
  shared.set(key, weights);
  weights.users += 1;
  const { arrays, uploader } = weights;
  return {
    /** Feeds `w:NAME`, in the types given. */
    async feeds(types: ReadonlyMap<string, DType>): Promise<Feeds> {
      const keyOf = (name: string) => `${types.get(name)} ${name}`;
      const missing = [...types.keys()].filter((name) => !arrays.has(keyOf(name)));
      const coming = uploader.upload(
        new Map(missing.map((name) => [name, uploadOf(model, name, types.get(name) as DType)])),
      );
      for (const name of missing)
        arrays.set(
          keyOf(name),
          coming.then((uploaded) => uploaded[name]),
        );
      const entries = [...types.keys()].map(
        async (name) => [`w:${name}`, (await arrays.get(keyOf(name))) as DeviceArray] as const,
      );
      return Object.fromEntries(await Promise.all(entries));
    },
    async release(): Promise<void> {
      weights.users -= 1;
      if (weights.users > 0) return;
      shared.delete(key);
      await uploader.release();
    },
  };
}

/**
 * Tensors that a run on a device reads and does not train, with the type that they are uploaded in: float32 where products
 * are, else as stored. bfloat16, which not all devices have, then stays with the graphs (models/converted.ts makes others of them).
 */
export function frozenTypes(
  { specs, tensors, quantized }: Model,
  pages: readonly Page[],
  precision: Precision,
): Map<string, DType> {
  const trained = pages.flatMap(({ entries }) => entries.map(({ name }) => replacedTensor(name) ?? name));
  const types = new Map<string, DType>();
  for (const { name } of specs) {
    const stored = tensors.get(name)?.dtype;
    if (stored === undefined || trained.includes(name) || quantized?.weights.has(name)) continue;
    if (precision === 'fp32') types.set(name, 'float32');
    else if (stored !== 'bfloat16') types.set(name, stored);
  }
  return types;
}

/** A tensor as it is stored, or widened to float32. */
function uploadOf(model: Model, name: string, dtype: DType): Upload {
  const info = model.tensors.get(name) as TensorInfo;
  const stored = () => {
    const bytes = Uint8Array.from(readBytes(info)).buffer;
    return dtype === 'float16' ? new Uint16Array(bytes) : new Float32Array(bytes);
  };
  return { shape: info.shape, dtype, read: dtype === info.dtype ? stored : () => readTensor(info) };
}
