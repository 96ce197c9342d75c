// What was bundled and of which packages: a test compares the files with it.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

const [folder, ...names] = process.argv.slice(2);
const { dependencies, devDependencies } = JSON.parse(readFileSync("package.json"));
const sha256 = (name) => createHash("sha256").update(readFileSync(`${folder}/${name}`)).digest("hex");
const files = Object.fromEntries(names.map((name) => [name, sha256(name)]));
console.log(JSON.stringify({ packages: { ...dependencies, ...devDependencies }, sha256: files }, null, 2));
