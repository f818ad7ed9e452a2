// The built package: OTTLA_NPM_DIR, else what `cargo xtask setup package` made.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('../../../../', import.meta.url));

export const packageDir = process.env.OTTLA_NPM_DIR ?? resolve(root, 'target/npm/ottla');
if (!existsSync(resolve(packageDir, 'wasm/ottla_bg.wasm'))) {
  throw new Error(`no npm package in ${packageDir}: run \`cargo xtask setup package\``);
}

/** A module of the package. */
export const load = (path) => import(pathToFileURL(resolve(packageDir, path)));
