#!/usr/bin/env node
// Speaks the two commands of the native compiler that py-solc-x uses, over the WebAssembly build from npm: a closed
// network has no native binary to fetch. All sources arrive inline, so no file is ever opened by the compiler.
"use strict";

const fs = require("node:fs");
const solc = require("solc");

const args = process.argv.slice(2);
if (args.includes("--version")) {
  process.stdout.write(`solc, the solidity compiler\nVersion: ${solc.version()}\n`);
} else if (args.includes("--standard-json")) {
  process.stdout.write(solc.compile(fs.readFileSync(0, "utf8")));
} else {
  process.stderr.write("solc-shim: only --version and --standard-json are offered\n");
  process.exitCode = 1;
}
