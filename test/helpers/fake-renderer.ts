// The real screens over the fake backend, built once and served: for tests that look at every state of a screen.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'vite';
import { staticFile } from '../../main/static.ts';

export interface FakeRenderer {
  /** Address of a screen in a state: `url('projects/p1/documents', 'empty')`. */
  url(route: string, state?: 'full' | 'empty' | 'loading' | 'error'): string;
  close(): void;
}

export async function serveFakeRenderer(): Promise<FakeRenderer> {
  const folder = mkdtempSync(join(tmpdir(), 'tunesmith-renderer-'));
  const configFile = join(import.meta.dirname, '../renderer/fake/vite.config.ts');
  await build({ configFile, build: { outDir: folder, emptyOutDir: true, minify: false } });
  const server = createServer(async (request, response) => {
    const file = await staticFile(folder, new URL(request.url ?? '/', 'http://localhost').pathname);
    response.writeHead(file ? 200 : 404, { 'content-type': file?.type ?? 'text/plain' });
    response.end(file?.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: (route, state = 'full') => `http://127.0.0.1:${port}/?state=${state}#/${route}`,
    close() {
      server.closeAllConnections();
      server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
