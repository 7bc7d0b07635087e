// As much of Node's types as vite.config.ts needs.
declare module "node:fs" {
  export function readFileSync(path: string, encoding: "utf8"): string;
}
