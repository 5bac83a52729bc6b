export { createApi, type Api, type Paths } from './client.ts';
export { isProblem, Problem, type Code } from './problem.ts';
export type { components as Admin, paths as AdminPaths } from './admin.d.ts';
export type { components as Portal, paths as PortalPaths } from './portal.d.ts';
