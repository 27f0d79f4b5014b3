import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import type { HistoryStore } from '../../../src/history/ports/history-store.js';
import type { RecordingStore } from '../../../src/history/ports/recording-store.js';
import { toAsynchronous } from '../../../src/history/sqlite/asynchronous.js';
import { RecordingEngine } from '../../../src/history/sqlite/recording-engine.js';
import { SqliteHistoryStore } from '../../../src/history/sqlite/sqlite-history-store.js';
import { answerCalls, type StoreThread } from '../../../src/history/sqlite/store-calls.js';
import { StoreEngine, type EngineOptions } from '../../../src/history/sqlite/store-engine.js';

export interface OpenOptions {
  /** Maximum stored length of an input or result, UTF-16 units. */
  bodyLength?: number;
}

/** An empty history behind its two ports. `again` opens the same history as another process would. */
export interface OpenHistory {
  store: HistoryStore;
  recording: RecordingStore;
  again(): Promise<RecordingStore>;
  /** Closes everything and deletes what is stored. */
  remove(): Promise<void>;
}

export interface HistoryAdapter {
  name: string;
  open(options?: OpenOptions): Promise<OpenHistory>;
}

/** All adapters of the ports in src/history/ports/: every spec in this folder runs over each of them. */
export const ADAPTERS: readonly HistoryAdapter[] = [{ name: 'sqlite', open: openSqlite }];

async function openSqlite(options: OpenOptions = {}): Promise<OpenHistory> {
  const folder = mkdtempSync(join(tmpdir(), 'roost-history-'));
  const file = join(folder, 'history.db');
  const store = new SqliteHistoryStore({ ...options, file, thread: startInline });
  await store.migrate();
  const opened: RecordingStore[] = [];
  const again = () => {
    const one = toAsynchronous<RecordingStore>(new RecordingEngine({ ...options, file }));
    opened.push(one);
    return Promise.resolve(one);
  };
  return {
    store,
    recording: await again(),
    again,
    remove: async () => {
      for (const one of opened) await one.close();
      await store.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Answers calls on this thread, with the protocol of a real one: TypeScript needs no build then. */
function startInline(options: EngineOptions): StoreThread {
  const { port1, port2 } = new MessageChannel();
  answerCalls(port2, () => new StoreEngine(options));
  port2.unref();
  const thread = {
    on(event: string, listener: (value: unknown) => void) {
      port1.on(event === 'exit' ? 'close' : event, listener);
      return thread;
    },
    postMessage: (message: unknown) => port1.postMessage(message),
    ref: () => port1.ref(),
    unref: () => port1.unref(),
  };
  return thread as unknown as StoreThread;
}
