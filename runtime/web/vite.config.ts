// One page at a time, by --mode: everything that it needs goes into its one HTML file.
import { readFileSync } from "node:fs";
import { defineConfig } from "vite";
import { viteSingleFile } from "vite-plugin-singlefile";

/** The first lines of all pages. */
const head = {
  name: "head",
  transformIndexHtml: {
    order: "pre" as const,
    handler: (html: string) =>
      html.replace("<!-- shared/head.html -->", readFileSync("shared/head.html", "utf8").trim()),
  },
};

export default defineConfig(({ mode }) => ({
  root: mode,
  base: "./",
  esbuild: { jsx: "automatic", jsxImportSource: "preact", legalComments: "none" },
  define: { "process.env.NODE_ENV": '"production"' },
  plugins: [head, viteSingleFile({ removeViteModuleLoader: true })],
  build: {
    target: "es2021",
    outDir: "../dist",
    emptyOutDir: false,
    reportCompressedSize: false,
    rollupOptions: { input: `${mode}/${mode}.html` },
  },
  logLevel: "warn",
}));
