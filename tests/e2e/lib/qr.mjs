// What a phone's camera would read from the screen: decoded by a library that shares nothing with the one that draws.
import jsQR from 'jsqr';
import { PNG } from 'pngjs';

/** The text of the code in this picture of an element; `null` when there is none to read. */
export async function scanned(element) {
  const { data, width, height } = PNG.sync.read(await element.screenshot());
  const found = jsQR(new Uint8ClampedArray(data), width, height);
  return found ? found.data || new TextDecoder().decode(new Uint8Array(found.binaryData)) : null;
}
