// Calls about chat: one engine process per session, with one set of weights for base and tuned columns. Text is
// passed on at most about fifteen times a second for each column.
import type { ChatAnswer, ChatColumn, ChatSession, chat } from '../contract/chat.ts';
import type { Repair } from '../contract/datasets.ts';
import type { Provider } from '../contract/devices.ts';
import type { Run } from '../contract/runs.ts';
import type { HandlersFor } from '../contract/wire.ts';
import { repairsOf } from '../datasets/turns.ts';
import { AppError } from '../errors.ts';
import type { Interactive } from '../jobs/interactive.ts';
import type { JobTypes } from '../jobs/job.ts';
import { newId } from '../store/rows.ts';
import { usableProvider } from './devices.ts';
import { findModel, findRun, threadsFor } from './lookup.ts';
import { weightsAsTrained } from './run-folder.ts';
import type { Services } from './services.ts';

interface Open {
  key: string;
  session: ChatSession;
  engine: Interactive;
  usedAt: number;
  stop: AbortController | null;
  /** Text of each column that was not passed on yet. */
  waiting: Map<string, string>;
  timer: NodeJS.Timeout | undefined;
}

/** Each session holds a model in memory. */
const maxSessions = 2;
const deltaMs = 60;

export function chatHandlers(services: Services): HandlersFor<typeof chat> {
  const sessions = new Map<string, Open>();
  const find = (sessionId: string): Open => {
    const open = sessions.get(sessionId);
    if (open) return open;
    throw new AppError('chat-closed', 'This chat was closed.', 'Open it again.');
  };
  const flush = (open: Open) => {
    clearTimeout(open.timer);
    open.timer = undefined;
    for (const [columnId, text] of open.waiting)
      services.emit('chat.delta', { sessionId: open.session.id, columnId, text });
    open.waiting.clear();
  };
  const close = (open: Open) => {
    sessions.delete(open.session.id);
    clearTimeout(open.timer);
    void open.engine.close();
  };

  /** The device that all of the runs were trained on, where it can be used now. */
  const deviceOf = (runs: readonly Run[]): Promise<Provider> => {
    const [provider, ...others] = new Set(runs.map(({ recipe }) => recipe.settings.provider));
    return usableProvider(services, others.length > 0 ? 'cpu' : (provider ?? 'cpu'));
  };

  return {
    'chat.open': async ({ projectId, modelId, runIds }) => {
      const project = services.store.project(projectId);
      const runs = runIds.map((id) => findRun(project, id));
      const key = JSON.stringify([projectId, modelId, runs.map((run) => [run.id, run.bestStep, run.step])]);
      const provider = await deviceOf(runs);
      const known = [...sessions.values()].find((open) => open.key === key);
      if (known) return known.session;
      const model = findModel(services, modelId);
      const other = runs.find((run) => run.recipe.modelId !== modelId);
      if (other)
        throw new AppError(
          'other-base',
          `Run ${other.number} was trained on another base model than "${model.name}".`,
          'Choose the base model of the run.',
        );
      const columns: ChatColumn[] = [
        { id: 'base', label: model.name, runId: null },
        ...runs.map((run) => ({ id: run.id, label: `Run ${run.number}`, runId: run.id })),
      ];
      const session: ChatSession = {
        id: newId(),
        projectId,
        modelId,
        columns,
        contextLength: model.contextLength,
      };
      const repairs = ({ recipe }: Run): Repair[] => {
        const roles = project.datasets.get(recipe.versionId)?.recipe.roles;
        return roles === undefined ? [] : repairsOf(roles);
      };
      const engine = services.openChat(
        {
          modelFolder: model.folder,
          columns: [
            { id: 'base', tuned: null, repairs: runs.map(repairs).find(({ length }) => length > 0) ?? [] },
            ...runs.map((run) => ({
              id: run.id,
              tuned: weightsAsTrained(services.store.home, project, run),
              repairs: repairs(run),
            })),
          ],
          threads: threadsFor(services),
          provider,
        },
        (name, payload) => {
          if (name !== 'delta') return;
          const { columnId, text } = payload as JobTypes['chat']['events']['delta'];
          open.waiting.set(columnId, (open.waiting.get(columnId) ?? '') + text);
          open.timer ??= setTimeout(() => flush(open), deltaMs);
        },
      );
      const open: Open = {
        key,
        session,
        engine,
        usedAt: Date.now(),
        stop: null,
        waiting: new Map(),
        timer: undefined,
      };
      for (const old of [...sessions.values()].sort((a, b) => a.usedAt - b.usedAt))
        if (sessions.size >= maxSessions && !old.engine.busy()) close(old);
      sessions.set(session.id, open);
      return session;
    },
    'chat.send': async ({ sessionId, conversations, options }) => {
      const open = find(sessionId);
      if (open.stop)
        throw new AppError('chat-busy', 'This chat is still answering.', 'Wait for the answer, or stop it.');
      open.stop = new AbortController();
      open.usedAt = Date.now();
      try {
        return await open.engine.ask<ChatAnswer[]>('send', { conversations, options }, open.stop.signal);
      } finally {
        open.stop = null;
        flush(open);
      }
    },
    'chat.stop': ({ sessionId }) => {
      find(sessionId).stop?.abort();
      return {};
    },
    'chat.close': ({ sessionId }) => {
      const open = sessions.get(sessionId);
      if (open) close(open);
      return {};
    },
  };
}
