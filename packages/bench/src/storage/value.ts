/** Bytes of a value and of a task. */
const valueBytes = 128;
const filler = 0x78;

/** A value that identifies the write that made it. */
export function valueOf(write: number): Uint8Array {
  const value = new Uint8Array(valueBytes).fill(filler);
  viewOf(value).setFloat64(0, write);
  return value;
}

/** @throws Error unless the value is the one of this write */
export function requireValue(name: string, value: Uint8Array | undefined, write: number): void {
  if (value === undefined) throw new Error(`${name} has no value instead of that of write ${write}`);
  const isWhole = value.length === valueBytes && value.subarray(8).every((byte) => byte === filler);
  if (!isWhole) throw new Error(`${name} has a damaged value (${value.length} bytes)`);
  const found = viewOf(value).getFloat64(0);
  if (found !== write) throw new Error(`${name} has the value of write ${found} instead of ${write}`);
}

function viewOf(value: Uint8Array): DataView {
  return new DataView(value.buffer, value.byteOffset, value.byteLength);
}
