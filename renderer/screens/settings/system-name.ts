// The operating system as people call it, from the platform and release that Node gives.
const names: Record<string, string> = { linux: 'Linux', darwin: 'macOS', win32: 'Windows' };

/** "linux 6.18.44-generic" is "Linux"; a name that is not known here stays. The release is told under About. */
export function systemName(platform: string): string {
  const [name] = platform.split(' ', 1);
  return names[name.toLowerCase()] ?? name;
}
