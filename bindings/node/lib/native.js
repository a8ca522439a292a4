'use strict';
// Finds the native part: MENJIE_NODE_BINARY, or the file of this platform beside this one.
const fs = require('node:fs');
const path = require('node:path');

const NAMED = 'MENJIE_NODE_BINARY';
const platform = `${process.platform}-${process.arch}`;

/** The name that the native part has in this package. */
const file = `menjie.${platform}.node`;

function load() {
  const named = process.env[NAMED];
  const binary = named ? path.resolve(named) : path.join(__dirname, '..', 'prebuilt', file);
  const where = named ? `${NAMED} names ${binary}` : `this package has it at ${binary}`;
  if (!fs.existsSync(binary)) {
    throw new Error(
      `menjie: the native part for ${platform} (Node ${process.versions.node}) is missing: ${where}, and there is no such file. ` +
        `Install a package that was made for ${platform}, or build it (cargo build --release -p menjie-node) and let ${NAMED} name it.`,
    );
  }
  try {
    // Unlike require it takes a file of any name, such as the build's own.
    const loaded = { exports: {} };
    process.dlopen(loaded, binary);
    return loaded.exports;
  } catch (cause) {
    throw new Error(`menjie: the native part for ${platform} does not load: ${where}: ${cause.message}`, { cause });
  }
}

module.exports = load();
