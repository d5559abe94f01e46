// node build.mjs TOOLS WIT SOURCE.js WORLD FEATURES OUTPUT: makes a component by componentize-js, found in TOOLS/node_modules.
// By its API: the command line of jco 1.35 cannot read the WIT folder.
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [tools, witPath, sourcePath, worldName, disabled, output] = process.argv.slice(2);
const module = resolve(tools, 'node_modules/@bytecodealliance/componentize-js/src/componentize.js');
const { componentize } = await import(pathToFileURL(module));
const { component } = await componentize({
    sourcePath: resolve(sourcePath),
    witPath: resolve(witPath),
    worldName,
    disableFeatures: disabled === '' ? [] : disabled.split(','),
});
await writeFile(output, component);
