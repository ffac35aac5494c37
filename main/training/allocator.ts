// How the C library keeps freed memory in a process that trains. A step frees and takes the same gigabyte again; by
// default glibc gives large blocks back to the system each time, and every page of them faults anew in the next step.

/** Environment of an engine process; other C libraries than glibc ignore it. What the user has set stays. */
export function allocatorEnvironment(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  if (process.platform !== 'linux' || env.GLIBC_TUNABLES !== undefined) return {};
  const kept = 2 ** 32;
  return { GLIBC_TUNABLES: `glibc.malloc.trim_threshold=${kept}:glibc.malloc.mmap_threshold=${2 ** 30}` };
}
