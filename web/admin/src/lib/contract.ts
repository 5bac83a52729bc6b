import type { Admin, AdminPaths } from '@clientconnect/api-client';

type Schemas = Admin['schemas'];
type Answer<P extends keyof AdminPaths, M extends keyof AdminPaths[P]> = AdminPaths[P][M] extends {
  responses: { 200: { content: { 'application/json': infer Data } } };
}
  ? Data
  : never;

/** The worker who is signed in, and the agency they work for. */
export type Me = Answer<'/api/admin/v1/me', 'get'>;
/** An individual's record as one read gives it: profile, contacts, consent, accounts, what may be done. */
export type Record = Answer<'/api/admin/v1/individuals/{individual_id}', 'get'>;
export type Site = Answer<'/api/admin/v1/sites', 'get'>['sites'][number];
export type Colleague = Answer<'/api/admin/v1/colleagues', 'get'>['colleagues'][number];
export type Account = Schemas['AccountView'];
export type AlertKind = Schemas['AlertKind'];
export type Contact = Schemas['ContactView'];
export type ContactFields = Schemas['ContactFields'];
export type Found = Schemas['Found'];
export type HistoryEntry = Schemas['Entry'];
export type Individual = Schemas['IndividualView'];
export type Job = Answer<'/api/admin/v1/jobs/{job_id}', 'get'>;
export type Language = Schemas['Language'];
export type Listed = Schemas['Listed'];
export type Mail = Schemas['MailView'];
export type Permission = Schemas['Permission'];
export type ProfileFields = Schemas['ProfileFields'];
export type ReportRow = Schemas['ReportRow'];
export type UserGroup = Schemas['UserGroup'];
export type Waiting = Schemas['Waiting'];
