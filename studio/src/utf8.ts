// In: a text. Out: the way between its UTF-8 bytes, in which the server counts, and the UTF-16 units that a browser counts.
// An offset within a character is taken to its start; one beyond the end to the end.
// Never: changes a text.

export interface Offsets {
  /** The UTF-16 offset of a byte. */
  unit(byte: number): number;
  /** The byte of a UTF-16 offset. */
  byte(unit: number): number;
}

export function offsets(text: string): Offsets {
  // eslint-disable-next-line no-control-regex
  if (/^[\x00-\x7f]*$/.test(text)) {
    const within = (n: number) => Math.max(0, Math.min(n, text.length));
    return { unit: within, byte: within };
  }
  const starts = new Uint32Array(text.length + 1);
  let at = 0;
  for (let i = 0; i < text.length; i++) {
    starts[i] = at;
    const code = text.charCodeAt(i);
    if (code < 0x80) at += 1;
    else if (code < 0x800) at += 2;
    // a surrogate pair is four bytes: two for each half
    else if (code >= 0xd800 && code < 0xe000) at += 2;
    else at += 3;
  }
  starts[text.length] = at;
  return {
    byte: (unit) => starts[Math.max(0, Math.min(unit, text.length))],
    unit: (byte) => {
      let low = 0;
      let high = text.length;
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (starts[middle] <= byte) low = middle;
        else high = middle - 1;
      }
      const code = text.charCodeAt(low);
      const second = code >= 0xdc00 && code < 0xe000 && low > 0;
      return second ? low - 1 : low;
    },
  };
}
