// In: the brand's fonts. Out: their faces, so that each can be named in its own.
// Never: brings one twice.

import { asset, type Palette } from './api';
import { faceOf } from './names';

const brought = new Set<string>();

/** `loaded`: called after each. */
export function bringFonts(fonts: Palette['fonts'], loaded: () => void): void {
  for (const { name, path } of fonts) {
    if (!path || brought.has(path)) continue;
    brought.add(path);
    const face = new FontFace(faceOf(name), `url("${asset(path)}")`);
    face.load().then((face) => {
      document.fonts.add(face);
      loaded();
    }, () => undefined);
  }
}
