// Finds a software driver for Vulkan, so that WebGPU can be tried on a machine without a graphics card.
// Chromium packages ship one (SwiftShader); it is slow, but its arithmetic is that of a graphics card.
import { execFileSync } from 'node:child_process';
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
