// Runs the unit tests with Node's own runner. Node 20 does not read TypeScript, so esbuild bundles them first.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";

const names = (await readdir("src", { recursive: true })).filter((name) => name.endsWith(".test.ts"));
const folder = mkdtempSync(join(tmpdir(), "map-page-"));
try {
  await build({
    entryPoints: names.map((name) => join("src", name)),
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    format: "esm",
    platform: "node",
    logLevel: "error",
  });
  const made = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(".test.mjs"));
  const run = spawnSync(process.execPath, ["--test", ...made.map((name) => join(folder, name))], { stdio: "inherit" });
  process.exitCode = made.length === 0 ? 1 : (run.status ?? 1);
} finally {
  rmSync(folder, { recursive: true });
}
