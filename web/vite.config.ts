import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const SMALL_BYTES = 1024;

/** Writes each file's compressed forms beside it, so that the server compresses nothing. */
function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    async writeBundle({ dir }) {
      for (const name of await readdir(dir!)) {
        if (!/\.(js|css|ttf)$/.test(name)) continue;
        const file = join(dir!, name);
        const content = await readFile(file);
        if (content.length < SMALL_BYTES) continue;
        const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } };
        await writeFile(`${file}.br`, await promisify(brotliCompress)(content, quality));
        await writeFile(`${file}.gz`, await promisify(gzip)(content, { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  plugins: [react(), compressed()],
  base: "/assets/",
  build: {
    assetsDir: "",
    target: "es2022",
    chunkSizeWarningLimit: 4000,
    rolldownOptions: {
      input: { explorer: "explorer/index.html", graphiql: "graphiql/index.html" },
      // hints of React's compiler to itself, in the packages as they are published
      onLog(level, log, handle) {
        if (log.code !== "MODULE_LEVEL_DIRECTIVE") handle(level, log);
      },
    },
  },
  worker: { format: "es" },
});
