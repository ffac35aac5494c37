// The open chat of each project: the loaded session, the turns of the conversation and the text that streams in.
// Turns are kept in the window's storage, so leaving the screen or a reload loses nothing. No JSX.
import { create } from 'zustand';
import type { ChatAnswer, ChatSession, SamplingOptions } from '../../main/contract/chat.ts';
import type { Message } from '../../main/contract/datasets.ts';
import { CallError, call, on } from '../client/client.ts';

/** One question and what each column answered. */
export interface Turn {
  id: number;
  user: string;
  answers: Record<string, ChatAnswer>;
}

interface Conversation {
  system: string;
  turns: Turn[];
}

interface ChatState {
  session: ChatSession | null;
  opening: boolean;
  /** Why the model could not be loaded, or why the last question has no answer. */
  error: unknown;
  /** Conversation by project. */
  byProject: Record<string, Conversation>;
  /** The turn that is being answered. */
  answering: number | null;
  /** Text of the answers under way, by column id. */
  streaming: Record<string, string>;
}

const storageKey = 'tunesmith.chat';
const empty: Conversation = { system: '', turns: [] };

export const useChat = create<ChatState>(() => ({
  session: null,
  opening: false,
  error: undefined,
  byProject: stored(),
  answering: null,
  streaming: {},
}));

export function listenToChat(): void {
  on('chat.delta', ({ sessionId, columnId, text }) => {
    const { session, streaming, answering } = useChat.getState();
    if (session?.id !== sessionId || answering === null) return;
    useChat.setState({ streaming: { ...streaming, [columnId]: (streaming[columnId] ?? '') + text } });
  });
}

/**
 * What each column has seen: its own answers, not those of the other columns. A turn that a column did not answer is
 * left out for it. The last message is the question of the last turn.
 */
export function conversationsFor(
  columnIds: readonly string[],
  system: string,
  turns: readonly Turn[],
): Record<string, Message[]> {
  const first: Message[] = system.trim() === '' ? [] : [{ role: 'system', content: system }];
  return Object.fromEntries(
    columnIds.map((columnId) => [
      columnId,
      [
        ...first,
        ...turns.flatMap((turn, at): Message[] => {
          const question: Message = { role: 'user', content: turn.user };
          if (at === turns.length - 1) return [question];
          const answer = turn.answers[columnId];
          return answer ? [question, { role: 'assistant', content: answer.text }] : [];
        }),
      ],
    ]),
  );
}

export function useConversation(projectId: string): Conversation {
  return useChat((state) => state.byProject[projectId] ?? empty);
}

export function setSystem(projectId: string, system: string): void {
  change(projectId, (conversation) => ({ ...conversation, system }));
}

export function clearConversation(projectId: string): void {
  change(projectId, ({ system }) => ({ system, turns: [] }));
}

/** Puts a conversation back, for Undo. */
export function restoreTurns(projectId: string, turns: Turn[]): void {
  change(projectId, ({ system }) => ({ system, turns }));
}

/** Loads the base model and the runs; the backend reuses a session that is already open. */
export async function openChat(projectId: string, modelId: string, runIds: string[]): Promise<void> {
  useChat.setState({ opening: true, error: undefined });
  try {
    const session = await call('chat.open', { projectId, modelId, runIds });
    useChat.setState({ session, opening: false });
  } catch (error) {
    useChat.setState({ session: null, opening: false, error });
  }
}

/** Gives the memory back. */
export async function closeChat(): Promise<void> {
  const { session } = useChat.getState();
  useChat.setState({ session: null, answering: null, streaming: {} });
  if (session) await call('chat.close', { sessionId: session.id });
}

/**
 * Asks all columns. With `replacing`, that turn and all after it are taken away first ("edit and send again"). With
 * `alone`, the models see this question only, and nothing that was said before.
 */
export async function ask(
  user: string,
  options: SamplingOptions,
  { replacing = null, alone = false }: { replacing?: number | null; alone?: boolean } = {},
): Promise<void> {
  const { session, answering } = useChat.getState();
  if (!session || answering !== null) return;
  const { projectId } = session;
  const { system, turns } = useChat.getState().byProject[projectId] ?? empty;
  const kept =
    replacing === null
      ? turns
      : turns.slice(
          0,
          turns.findIndex((turn) => turn.id === replacing),
        );
  const turn: Turn = { id: Math.max(0, ...turns.map(({ id }) => id)) + 1, user, answers: {} };
  const asked = [...kept, turn];
  change(projectId, (conversation) => ({ ...conversation, turns: asked }));
  useChat.setState({ answering: turn.id, streaming: {}, error: undefined });
  const columnIds = session.columns.map((column) => column.id);
  try {
    const answers = await call('chat.send', {
      sessionId: session.id,
      conversations: conversationsFor(columnIds, system, alone ? [turn] : asked),
      options,
    });
    const byColumn = Object.fromEntries(answers.map((answer) => [answer.columnId, answer]));
    change(projectId, (conversation) => ({
      ...conversation,
      turns: conversation.turns.map((one) => (one.id === turn.id ? { ...one, answers: byColumn } : one)),
    }));
  } catch (error) {
    const lost = error instanceof CallError && /chat-closed|session|engine|connection/.test(error.code);
    useChat.setState(lost ? { error, session: null } : { error });
  } finally {
    useChat.setState({ answering: null, streaming: {} });
  }
}

/** Stops the answers under way; what was written so far is kept. */
export async function stopAnswer(): Promise<void> {
  const { session } = useChat.getState();
  if (session) await call('chat.stop', { sessionId: session.id });
}

function change(projectId: string, edit: (conversation: Conversation) => Conversation): void {
  const { byProject } = useChat.getState();
  const next = { ...byProject, [projectId]: edit(byProject[projectId] ?? empty) };
  useChat.setState({ byProject: next });
  try {
    localStorage.setItem(storageKey, JSON.stringify(next));
  } catch {
    // The storage of the window is full or switched off; the conversation then lasts until the window closes.
  }
}

function stored(): Record<string, Conversation> {
  try {
    return JSON.parse(localStorage.getItem(storageKey) ?? '{}') as Record<string, Conversation>;
  } catch {
    return {};
  }
}
