// Asks for one JSON document, with a limit on its length, and tries again after faults that pass. Does not know what it
// says.
import { AppError } from '../errors.ts';
import {
  type Asked,
  type Hub,
  type HubReply,
  PassingFault,
  send,
  unreachable,
  withRetries,
} from './client.ts';

export interface JsonOptions {
  maxBytes: number;
  /** Throws what an answer other than the document means. */
  refuse(reply: HubReply): void;
  /** What to do where the answer is no such document. */
  whenWrong: string;
}

export function fetchJson(hub: Hub, address: string, asked: Asked, options: JsonOptions): Promise<unknown> {
  const { maxBytes, refuse, whenWrong } = options;
  const what = asked.file ?? asked.repository;
  return withRetries(hub, async () => {
    const reply = await send(hub, address, asked);
    refuse(reply);
    const pieces: Buffer[] = [];
    let bytes = 0;
    try {
      for await (const piece of reply.body as AsyncIterable<Buffer>) {
        bytes += piece.length;
        if (bytes > maxBytes)
          throw new AppError(
            'hub-answer',
            `The answer about "${what}" is longer than ${maxBytes / 1e6} MB.`,
            whenWrong,
          );
        pieces.push(piece);
      }
    } catch (error) {
      if (error instanceof AppError || hub.signal.aborted) throw error;
      throw unreachable(new URL(address).host, Object.assign(error as Error, { code: 'ECONNRESET' }));
    } finally {
      reply.close(bytes);
    }
    const length = reply.headers['content-length'];
    if (length !== undefined && Number(length) !== bytes)
      throw new PassingFault(
        new AppError('hub-unreachable', 'The connection was lost in the middle of an answer.', 'Try again.'),
      );
    try {
      return JSON.parse(Buffer.concat(pieces).toString('utf8')) as unknown;
    } catch (cause) {
      throw new AppError('hub-answer', `What came for "${what}" is not JSON.`, whenWrong, { cause });
    }
  });
}
