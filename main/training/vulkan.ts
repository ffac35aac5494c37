// Finds a software driver for Vulkan, so that WebGPU can be tried on a machine without a graphics card.
// Chromium packages ship one (SwiftShader); it is slow, but its arithmetic is that of a graphics card.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

export interface SoftwareDriver {
  /** What the Vulkan loader needs in its environment, before the first use. */
  environment: { VK_DRIVER_FILES: string; VK_ICD_FILENAMES: string };
}

/** The driver, or why there is none. */
export function softwareDriver(): SoftwareDriver | { absent: string } {
  if (process.platform !== 'linux') return { absent: 'a software Vulkan driver is looked for on Linux only' };
  const manifest = manifestFile();
  if (manifest === undefined)
    return { absent: 'no package with a software Vulkan driver is installed (chromium has one)' };
  if (!hasLoader()) return { absent: 'the Vulkan loader is not installed (Debian, Ubuntu: libvulkan1)' };
  return { environment: { VK_DRIVER_FILES: manifest, VK_ICD_FILENAMES: manifest } };
}

/**
 * Runs this command again on the software driver, after it found no graphics card: the Vulkan loader reads
 * its environment only once. Gives its exit status; undefined where there is no driver, or it is in use
 * already.
 */
export function runOnSoftwareDriver(): number | undefined {
  const software = softwareDriver();
  if (process.env.VK_DRIVER_FILES !== undefined || 'absent' in software) return undefined;
  process.stderr.write(
    'No graphics card was found: a software driver (SwiftShader) is used, which is slow.\n',
  );
  const env = { ...process.env, ...software.environment };
  const { status } = spawnSync(process.execPath, process.argv.slice(1), { stdio: 'inherit', env });
  return status ?? 1;
}

const known = [
  '/usr/lib/chromium/vk_swiftshader_icd.json',
  '/usr/lib/chromium-browser/vk_swiftshader_icd.json',
];

function manifestFile(): string | undefined {
  const listed = output('dpkg', ['-L', 'chromium', 'chromium-common']).split('\n');
  return [...listed, ...known].find((file) => file.endsWith('/vk_swiftshader_icd.json') && existsSync(file));
}

function hasLoader(): boolean {
  const libraries = [
    '/usr/lib/x86_64-linux-gnu',
    '/usr/lib/aarch64-linux-gnu',
    '/lib/x86_64-linux-gnu',
    '/usr/lib64',
    '/usr/lib',
  ];
  if (libraries.some((folder) => existsSync(`${folder}/libvulkan.so.1`))) return true;
  return output('/sbin/ldconfig', ['-p']).includes('libvulkan.so.1');
}

/** What a command prints; empty where it does not exist or fails. */
function output(command: string, args: readonly string[]): string {
  try {
    return execFileSync(command, args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 10_000,
    });
  } catch (thrown) {
    // dpkg lists the packages that it knows, and fails for the others
    return String((thrown as { stdout?: string }).stdout ?? '');
  }
}
