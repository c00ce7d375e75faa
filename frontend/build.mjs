// Bundles the map page into classify_local/web/static: app.js, app.css, index.html and the licences of what is inside.
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const target = process.argv[2] ?? join(here, "..", "classify_local", "web", "static");

const result = await build({
  absWorkingDir: here,
  entryPoints: { app: "src/main.tsx" },
  outdir: target,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  jsxImportSource: "preact",
  legalComments: "none",
  metafile: true,
  write: false,
});

/** Packages of which at least one byte is in the bundle, with the folder each lies in. */
function packagesInside(metafile) {
  const folders = new Set();
  for (const output of Object.values(metafile.outputs)) {
    for (const [input, { bytesInOutput }] of Object.entries(output.inputs)) {
      const found = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input);
      if (found && bytesInOutput > 0) folders.add(found[1]);
    }
  }
  return [...folders].sort();
}

/** The licence of a package, word for word. A package without a licence text must not be bundled unseen. */
async function noticeOf(folder) {
  const about = JSON.parse(await readFile(join(here, folder, "package.json"), "utf8"));
  const files = (await readdir(join(here, folder))).filter((name) => /^(licen[cs]e|copying|notice)/i.test(name));
  if (files.length === 0) throw new Error(`${about.name} comes without a licence text`);
  const texts = await Promise.all(files.sort().map((name) => readFile(join(here, folder, name), "utf8")));
  const rule = "=".repeat(78);
  return `${rule}\n${about.name} ${about.version} (${about.license})\n${rule}\n\n${texts.join("\n\n").trim()}\n`;
}

const folders = packagesInside(result.metafile);
const notices = await Promise.all(folders.map(noticeOf));
const head = "The map page of classify_local contains the following software of others.\n";

await mkdir(target, { recursive: true });
for (const file of result.outputFiles) await writeFile(file.path, file.contents);
await writeFile(join(target, "NOTICES.txt"), [head, ...notices].join("\n"));
for (const name of ["icon.svg", "index.html"]) {
  await writeFile(join(target, name), await readFile(join(here, "src", name)));
}
for (const file of result.outputFiles) console.log(`${file.path} ${Math.round(file.contents.length / 1024)} KiB`);
console.log(`contains ${folders.map((folder) => folder.replace(/^.*node_modules\//, "")).join(", ")}`);
