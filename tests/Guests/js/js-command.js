// A command in JavaScript, by the WASI interfaces themselves: the engine has no file API of its own.
import { getArguments, getEnvironment } from 'wasi:cli/environment@0.2.10';
import { getStdin } from 'wasi:cli/stdin@0.2.10';
import { getDirectories } from 'wasi:filesystem/preopens@0.2.10';
import { now } from 'wasi:clocks/wall-clock@0.2.10';
import { getRandomBytes } from 'wasi:random/random@0.2.10';

const text = (bytes) => new TextDecoder().decode(bytes);
const verbs = {
    args: (...rest) => console.log(rest.join('\n')),
    env: () => getEnvironment().forEach(([name, value]) => console.log(`${name}=${value}`)),
    cat: (path) => {
        const [[folder]] = getDirectories();
        const [bytes] = folder.openAt({}, path, {}, { read: true }).read(65536n, 0n);
        console.log(text(bytes));
    },
    stdin: () => console.log(text(getStdin().blockingRead(65536n))),
    time: () => console.log(String(now().seconds)),
    random: () => console.log(getRandomBytes(8n).length),
    fail: () => { throw undefined; },
};

export const run = {
    run() {
        const [, verb = 'args', ...rest] = getArguments();
        verbs[verb](...rest);
    },
};
