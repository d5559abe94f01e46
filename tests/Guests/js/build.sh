#!/bin/sh
# build.sh TOOLS WIT SOURCE.js OUTPUT: componentize-js, and a store of its results beside TOOLS, since one takes 30 s of CPU.
set -eu
tools=$1 wit=$2 source=$3 output=$4
here=$(dirname "$0")
name=$(basename "$source" .js)
digest=$(cat "$tools/package-lock.json" "$here/build.mjs" "$here/build.sh" "$here/world.wit" "$source" | sha256sum | cut -c 1-16)
kept=$tools/kept/$name-$digest.wasm

if [ ! -e "$kept" ]; then
    echo "guests: componentize-js makes $name.wasm (half a minute)" >&2
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    mkdir "$folder/deps"
    cp -r "$wit"/* "$folder/deps"
    # The engine's own bindings are of 0.2.10; the packages are otherwise the same.
    sed -i 's/@0\.2\.[0-9]*/@0.2.10/g' "$folder"/deps/*/*.wit
    cp "$here/world.wit" "$folder"
    case $name in
        js-http) node "$here/build.mjs" "$tools" "$folder" "$source" http '' "$folder/out.wasm" ;;
        *) node "$here/build.mjs" "$tools" "$folder" "$source" command http,fetch-event "$folder/out.wasm" ;;
    esac
    mkdir -p "$tools/kept"
    # Another build may look at the store meanwhile: only whole files appear there. The four youngest of a name stay.
    mv "$folder/out.wasm" "$kept.$$"
    mv "$kept.$$" "$kept"
    ls -t "$tools/kept/$name"-*.wasm | tail -n +5 | xargs -r rm -f
fi
cp "$kept" "$output"
