// In: the bytes of a `multipart/mixed` answer. Out: its parts, each with its headers (lower case) and bytes.
// Never: copies a part; a part is a view of the answer.

export interface Part {
  headers: Map<string, string>;
  body: Uint8Array<ArrayBuffer>;
}

/** The parts of an answer. Throws where the type names no boundary or the closing boundary is missing: it was cut off. */
export function parts(type: string, bytes: Uint8Array<ArrayBuffer>): Part[] {
  const named = /boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(type);
  if (!named) throw new Error('an answer in parts that names no boundary');
  const mark = new TextEncoder().encode(`--${named[1] ?? named[2]}`);
  const found: Part[] = [];
  let start = find(bytes, mark, 0);
  while (start >= 0) {
    const after = start + mark.length;
    if (bytes[after] === 45 && bytes[after + 1] === 45) return found;
    const next = find(bytes, mark, after);
    if (next < 0) break;
    // past the line end behind this boundary, up to the one before the next
    found.push(part(bytes.subarray(after + 2, next - 2)));
    start = next;
  }
  throw new Error('an answer in parts that was cut off');
}

function part(bytes: Uint8Array<ArrayBuffer>): Part {
  const end = find(bytes, new Uint8Array([13, 10, 13, 10]), 0);
  // no headers at all: the part begins with the empty line
  if (end < 0) return { headers: new Map(), body: bytes.subarray(2) };
  const head = new TextDecoder().decode(bytes.subarray(0, end));
  const headers = new Map<string, string>();
  for (const line of head.split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  return { headers, body: bytes.subarray(end + 4) };
}

function find(bytes: Uint8Array, what: Uint8Array, from: number): number {
  const last = bytes.length - what.length;
  for (let at = bytes.indexOf(what[0], from); at >= 0 && at <= last; at = bytes.indexOf(what[0], at + 1)) {
    let i = 1;
    while (i < what.length && bytes[at + i] === what[i]) i++;
    if (i === what.length) return at;
  }
  return -1;
}
