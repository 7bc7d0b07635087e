// One page at a time, by --mode: everything that it needs goes into its one HTML file.
import { defineConfig } from "vite";
import { viteSingleFile } from "vite-plugin-singlefile";

export default defineConfig(({ mode }) => ({
  root: mode,
  base: "./",
  esbuild: { jsx: "automatic", jsxImportSource: "preact", legalComments: "none" },
  define: { "process.env.NODE_ENV": '"production"' },
  plugins: [viteSingleFile({ removeViteModuleLoader: true })],
  build: {
    target: "es2021",
    outDir: "../dist",
    emptyOutDir: false,
    reportCompressedSize: false,
    rollupOptions: { input: `${mode}/${mode}.html` },
  },
  logLevel: "warn",
}));
