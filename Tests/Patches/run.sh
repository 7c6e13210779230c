#!/usr/bin/env bash
# Applies each change that is kept here to a copy of the sources, builds it and tries it: what is said to be added with a few files can be.
# The copy's build stays in .build/patches.
set -euo pipefail
cd "$(dirname "$0")/../.."
for patch in Tests/Patches/*.patch; do
    name=$(basename "$patch" .patch)
    tree=.build/patches/tree
    rm -rf "$tree"
    mkdir -p "$tree"
    # With their times: what the patch leaves as it is is not compiled again.
    cp -a Package.swift Package.resolved Sources Tests "$tree/"
    patch --directory "$tree" -p1 --forward --quiet <"$patch"
    swift build --package-path "$tree" --scratch-path .build/patches/build --product agentctl
    "Tests/Patches/$name.sh" "$PWD/.build/patches/build/debug/agentctl"
    echo "$name: applies, compiles and does what it should"
done
