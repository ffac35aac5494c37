// The libraries of CUDA on the Settings screen: what is missing, what would be fetched, getting it, and removing it.
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openCudaComputer } from '../helpers/cuda-computer.ts';
import { temporaryFolder } from '../helpers/home.ts';
import type { PackageServer } from '../helpers/package-server.ts';
import { expectAccessible } from './axe.ts';
import { openStage, type Stage } from './stage.ts';

const made = temporaryFolder('computer');
const variables = { ...process.env };
let server: PackageServer;
let stage: Stage;
let page: Page;

beforeAll(async () => {
  const opened = await openCudaComputer(join(made.folder));
  server = opened.server;
  Object.assign(process.env, opened.env);
  for (const name of ['HF_HUB_OFFLINE', 'TRANSFORMERS_OFFLINE', 'http_proxy', 'HTTP_PROXY'])
    delete process.env[name];
  stage = await openStage({ sample: false });
  process.env = variables;
  page = await stage.open();
}, 180_000);
afterAll(async () => {
  process.env = variables;
  await stage?.close();
  await server?.close();
  made.remove();
});

const supported = process.platform === 'linux' && process.arch === 'x64';
it.skipIf(!supported)('the libraries of CUDA are got after a question, and removed again', async () => {
  await page.goto(`${stage.url.href}#/settings/devices`);
  const card = page.getByRole('region', { name: 'CUDA libraries' });
  await card.getByText('The CUDA part of ONNX Runtime 1.30.0 is missing.').waitFor();
  await card.getByRole('row', { name: /libcublas\.so\.13.*Found/ }).waitFor();

  await card.getByRole('button', { name: 'Get them (236 MB)' }).click();
  const question = page.getByRole('dialog', { name: 'Get the CUDA libraries (236 MB)?' });
  await question.getByText(`236 MB from ${server.host}`).waitFor();
  await question.getByText('MIT, github.com/microsoft/onnxruntime').waitFor();
  await expectAccessible(page, 'the question');
  await question.getByRole('button', { name: 'Not now' }).click();
  await question.waitFor({ state: 'hidden' });
  expect(server.seen).toEqual([]); // nothing is asked of the network before it is wanted

  server.next('.nupkg', { status: 404 });
  const get = async () => {
    await card.getByRole('button', { name: 'Get them (236 MB)' }).click();
    await question.getByRole('button', { name: 'Get 236 MB' }).click();
  };
  await get();
  await card.getByText(/does not give "Microsoft\.ML\.OnnxRuntime\.Gpu\.Linux" 1\.30\.0 \(404\)/).waitFor();
  await card.getByRole('button', { name: 'Go on' }).click();
  await card.getByText('Everything that CUDA needs was found.').waitFor();
  await page.getByRole('row', { name: /^CUDA.*Not checked/ }).waitFor();
  await page.getByRole('link', { name: /kB sent|bytes sent| B sent/ }).waitFor();
  await expectAccessible(page, 'the card');

  await card.getByRole('button', { name: /^Remove / }).click();
  const removal = page.getByRole('dialog', { name: /^Remove the CUDA libraries/ });
  await removal.getByRole('button', { name: /^Remove / }).click();
  await card.getByRole('button', { name: 'Get them (236 MB)' }).waitFor();
  await page.getByRole('row', { name: /^CUDA.*None/ }).waitFor();
  expect(stage.faults).toEqual([]);
});
