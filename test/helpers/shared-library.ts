// Shared libraries with nothing in them but the names that they ask for: enough for whoever reads them, and refused by
// the loader. 64-bit ELF, little endian: a header, two segments, the dynamic section and its strings.

export function sharedLibrary(needed: readonly string[]): Buffer {
  const strings = Buffer.from(`\0${needed.map((name) => `${name}\0`).join('')}`);
  const tags: [number, number][] = [];
  let at = 1;
  for (const name of needed) {
    tags.push([1, at]); // DT_NEEDED
    at += name.length + 1;
  }
  const dynamicAt = 64 + 2 * 56;
  const stringsAt = dynamicAt + (needed.length + 3) * 16;
  tags.push([5, stringsAt], [10, strings.length], [0, 0]); // DT_STRTAB, DT_STRSZ, DT_NULL
  const file = Buffer.alloc(stringsAt + strings.length);
  file.writeUInt32BE(0x7f454c46, 0);
  file.set([2, 1, 1], 4); // 64 bits, little endian, version 1
  file.writeUInt16LE(3, 16); // a shared library
  file.writeUInt16LE(62, 18); // x86-64
  file.writeBigUInt64LE(64n, 32); // where the segments are told
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(2, 56);
  segment(1, 0, file.length, 64); // everything, at address 0
  segment(2, dynamicAt, tags.length * 16, 64 + 56);
  tags.forEach(([tag, value], i) => {
    file.writeBigInt64LE(BigInt(tag), dynamicAt + i * 16);
    file.writeBigUInt64LE(BigInt(value), dynamicAt + i * 16 + 8);
  });
  strings.copy(file, stringsAt);
  return file;

  function segment(type: number, offset: number, bytes: number, place: number): void {
    file.writeUInt32LE(type, place);
    for (const [field, value] of [
      [8, offset],
      [16, offset],
      [32, bytes],
      [40, bytes],
    ])
      file.writeBigUInt64LE(BigInt(value), place + field);
  }
}
