// What a repository holds, before anything is fetched: its commit, the files a training needs with their sizes and
// checksums, its licence, and config.json. Knows no disk.
import { z } from 'zod';
import { AppError } from '../errors.ts';
import { type Asked, type Hub, refuseStatus, refuseWebPage, send, withRetries } from './client.ts';
import { fetchJson } from './fetch-json.ts';
import { type HubFile, neededFiles, type RepositoryName, refuseHostileNames } from './repository.ts';

export interface HubModel extends RepositoryName {
  /** 40 hex digits; everything is fetched at this commit. */
  commit: string;
  files: HubFile[];
  bytes: number;
  licence: string | null;
  gated: boolean;
  config: Record<string, unknown>;
}

const Info = z.object({
  sha: z.string().regex(/^[0-9a-f]{40}$/),
  gated: z.union([z.boolean(), z.string()]).nullish(),
  disabled: z.boolean().nullish(),
  cardData: z
    .looseObject({ license: z.unknown().optional(), license_name: z.unknown().optional() })
    .nullish(),
  tags: z.array(z.string()).nullish(),
  siblings: z.array(
    z.object({
      rfilename: z.string(),
      size: z.int().min(0).nullish(),
      blobId: z.string().nullish(),
      lfs: z.object({ sha256: z.string().nullish(), size: z.int().min(0).nullish() }).nullish(),
    }),
  ),
});
type Sibling = z.infer<typeof Info>['siblings'][number];

const maxInfoBytes = 32_000_000;
const maxConfigBytes = 4_000_000;

/**
 * Asks the Hub about a repository: one request for the list and one for config.json.
 * @throws AppError with the reason, also where the repository holds nothing that can be trained
 */
export async function lookUp(hub: Hub, name: RepositoryName): Promise<HubModel> {
  const { repository, revision } = name;
  const asked: Asked = { ...name, why: `Files and licence of ${repository}` };
  const path = `${hub.endpoint}/api/models/${repository}/revision/${encodeURIComponent(revision)}?blobs=true`;
  const info = Info.safeParse(await hubJson(hub, path, asked, maxInfoBytes));
  if (!info.success)
    throw new AppError(
      'hub-answer',
      `${new URL(hub.endpoint).host} answers about "${repository}" in a form that the Hub does not have.`,
      'Check HF_ENDPOINT, or try again later.',
    );
  const { sha: commit, siblings, gated } = info.data;
  if (info.data.disabled)
    throw new AppError('hub-disabled', `The Hub has closed "${repository}".`, 'Choose another model.');
  refuseHostileNames(
    repository,
    siblings.map(({ rfilename }) => rfilename),
  );
  const needed = neededFiles(
    repository,
    siblings.map((sibling) => ({ path: sibling.rfilename, sibling })),
  );
  const files: HubFile[] = [];
  for (const { path: file, sibling } of needed)
    files.push(factsOf(file, sibling) ?? (await headOf(hub, { ...asked, file }, commit)));
  const config = await hubJson(
    hub,
    fileAddress(hub, repository, commit, 'config.json'),
    { ...asked, file: 'config.json', why: `config.json of ${repository}` },
    maxConfigBytes,
  );
  return {
    repository,
    revision,
    commit,
    files,
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    licence: licenceOf(info.data),
    gated: gated !== undefined && gated !== null && gated !== false,
    config: z.record(z.string(), z.unknown()).catch({}).parse(config),
  };
}

export function fileAddress(hub: Hub, repository: string, commit: string, file: string): string {
  return `${hub.endpoint}/${repository}/resolve/${commit}/${file.split('/').map(encodeURIComponent).join('/')}`;
}

const etagForm = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/** An ETag as the Hub writes it (`W/"..."`), bare; null where it is no checksum. */
export function checksumIn(header: string | string[] | undefined): string | null {
  const bare = String(header ?? '')
    .replace(/^W\//, '')
    .replace(/^"|"$/g, '');
  return etagForm.test(bare) ? bare : null;
}

function factsOf(path: string, { size, blobId, lfs }: Sibling): HubFile | null {
  const etag = lfs ? lfs.sha256 : blobId;
  const bytes = lfs?.size ?? size;
  return etag && etagForm.test(etag) && bytes !== null && bytes !== undefined ? { path, bytes, etag } : null;
}

/** Mirrors may list names only; then each file is asked for its size and checksum. */
async function headOf(hub: Hub, asked: Asked & { file: string }, commit: string): Promise<HubFile> {
  const address = fileAddress(hub, asked.repository, commit, asked.file);
  return withRetries(hub, async () => {
    const reply = await send(hub, address, { ...asked, why: `Size of ${asked.file}` }, { method: 'HEAD' });
    refuseStatus(hub, reply, asked);
    reply.body.resume();
    reply.close();
    const etag = checksumIn(reply.first['x-linked-etag'] ?? reply.first.etag);
    const bytes = Number(reply.first['x-linked-size'] ?? reply.headers['content-length'] ?? Number.NaN);
    if (etag !== null && Number.isSafeInteger(bytes) && bytes >= 0) return { path: asked.file, bytes, etag };
    throw new AppError(
      'hub-answer',
      `The server names no size and checksum for "${asked.file}", so a download could not be checked.`,
      'Check HF_ENDPOINT, or choose another model.',
    );
  });
}

/** A document of the Hub. */
const hubJson = (hub: Hub, address: string, asked: Asked, maxBytes: number): Promise<unknown> =>
  fetchJson(hub, address, asked, {
    maxBytes,
    refuse(reply) {
      refuseStatus(hub, reply, asked);
      refuseWebPage(reply, asked);
    },
    whenWrong: 'Check HF_ENDPOINT and the network, or choose another model.',
  });

function licenceOf({ cardData, tags }: z.infer<typeof Info>): string | null {
  const stated = [cardData?.license_name, cardData?.license].flat();
  const name = stated.find((one): one is string => typeof one === 'string' && one !== 'other');
  return (
    name ??
    tags?.find((tag) => tag.startsWith('license:'))?.slice('license:'.length) ??
    stated.find((one): one is string => typeof one === 'string') ??
    null
  );
}
