// Serves the built renderer: which file an address means, its type, and the headers that keep the page to itself.
// Used by browser mode (HTTP) and by Electron (its own protocol). Knows no token and no session.
import { readFile, realpath } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
};

/** Nothing is loaded from elsewhere, no frame may show the page, and scripts come from our files only. */
export function contentSecurityPolicy(connect: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'", // the component library sets style attributes
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    `connect-src ${connect}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "object-src 'none'",
  ].join('; ');
}

/** Headers of every answer, with the page's policy. */
export function securityHeaders(connect: string): Record<string, string> {
  return {
    'content-security-policy': contentSecurityPolicy(connect),
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), microphone=(), geolocation=(), usb=(), serial=()',
    'cache-control': 'no-store',
  };
}

/** The file that `pathname` means below `root`, or null. The empty path is `index.html`. */
export async function staticFile(
  root: string,
  pathname: string,
): Promise<{ type: string; body: Buffer } | null> {
  let name: string;
  try {
    name = decodeURIComponent(pathname).replace(/^\/+/, '') || 'index.html';
  } catch {
    return null;
  }
  const type = types[extname(name).toLowerCase()];
  if (type === undefined || name.includes('\0')) return null;
  try {
    const base = await realpath(root);
    const file = await realpath(join(base, name));
    if (!file.startsWith(base + sep)) return null;
    return { type, body: await readFile(file) };
  } catch {
    return null;
  }
}
