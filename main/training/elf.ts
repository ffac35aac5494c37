// Which libraries a shared library asks its loader for (DT_NEEDED), read from the file without loading it: 64-bit ELF,
// little endian, as Linux has on x86-64. The format: https://refspecs.linuxfoundation.org/elf/gabi4+/ch5.dynamic.html
import { closeSync, openSync, readSync } from 'node:fs';

const programHeaderBytes = 56;
const [load, dynamic] = [1, 2]; // types of program headers
const [needed, stringTable, stringBytes] = [1n, 5n, 10n]; // tags of the dynamic section
/** A dynamic section and its strings are some kilobytes; a file that claims more is damaged. */
const maxBytes = 16_000_000;

/** Names such as `libcudart.so.13`, in the order of the file; null where the file is no such library or damaged. */
export function neededLibraries(file: string): string[] | null {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch {
    return null;
  }
  try {
    return readNeeded((offset, bytes) => {
      if (bytes < 0 || bytes > maxBytes || offset < 0) throw new Error('out of range');
      const piece = Buffer.alloc(bytes);
      if (readSync(descriptor, piece, 0, bytes, offset) < bytes) throw new Error('the file is too short');
      return piece;
    });
  } catch {
    return null;
  } finally {
    closeSync(descriptor);
  }
}

type Read = (offset: number, bytes: number) => Buffer;

function readNeeded(read: Read): string[] | null {
  const header = read(0, 64);
  const isElf = header.readUInt32BE(0) === 0x7f454c46 && header[4] === 2 && header[5] === 1;
  if (!isElf || header.readUInt16LE(54) !== programHeaderBytes) return null;
  const count = header.readUInt16LE(56);
  const table = read(Number(header.readBigUInt64LE(32)), count * programHeaderBytes);
  const segments = Array.from({ length: count }, (_, i) => {
    const at = i * programHeaderBytes;
    const [offset, address, bytes] = [8, 16, 32].map((field) => Number(table.readBigUInt64LE(at + field)));
    return { type: table.readUInt32LE(at), offset, address, bytes };
  });
  const section = segments.find(({ type }) => type === dynamic);
  if (section === undefined) return [];
  const entries = read(section.offset, section.bytes - (section.bytes % 16));
  const tags: { tag: bigint; value: number }[] = [];
  for (let at = 0; at < entries.length && entries.readBigInt64LE(at) !== 0n; at += 16)
    tags.push({ tag: entries.readBigInt64LE(at), value: Number(entries.readBigUInt64LE(at + 8)) });
  const value = (wanted: bigint) => tags.find(({ tag }) => tag === wanted)?.value;
  const address = value(stringTable);
  const home = segments.find(
    (one) =>
      one.type === load &&
      address !== undefined &&
      address >= one.address &&
      address < one.address + one.bytes,
  );
  if (address === undefined || home === undefined) return null;
  const strings = read(address - home.address + home.offset, value(stringBytes) ?? 0);
  return tags.filter(({ tag }) => tag === needed).map(({ value: start }) => textAt(strings, start));
}

function textAt(strings: Buffer, start: number): string {
  const end = strings.indexOf(0, start);
  if (start >= strings.length || end === -1) throw new Error('a name lies outside of the strings');
  return strings.toString('utf8', start, end);
}
