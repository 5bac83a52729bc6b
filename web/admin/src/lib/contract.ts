import type { Admin, AdminPaths } from '@clientconnect/api-client';

type Schemas = Admin['schemas'];
/** What an operation answers when it is done. */
export type Answer<P extends keyof AdminPaths, M extends keyof AdminPaths[P]> = AdminPaths[P][M] extends {
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
/** What accounts are looked for by, all of it at once. */
export type AccountCriteria = Schemas['Asked'];
export type AlertKind = Schemas['AlertKind'];
export type BulkAction = Schemas['BulkAction'];
export type BulkJob = Answer<'/api/admin/v1/bulk-jobs/{job_id}', 'get'>;
export type BulkResult = Answer<'/api/admin/v1/bulk-jobs/{job_id}/results', 'get'>['rows'][number];
export type Contact = Schemas['ContactView'];
export type ContactFields = Schemas['ContactFields'];
export type Denial = Schemas['Denial'];
export type Found = Schemas['Found'];
export type HistoryEntry = Schemas['Entry'];
export type Individual = Schemas['IndividualView'];
export type Job = Answer<'/api/admin/v1/jobs/{job_id}', 'get'>;
export type Language = Schemas['Language'];
export type Licences = Answer<'/api/admin/v1/licences', 'get'>;
export type Listed = Schemas['Listed'];
export type ListedAccount = SearchOfAccounts['accounts'][number];
export type Mail = Schemas['MailView'];
export type Permission = Schemas['Permission'];
export type ProfileFields = Schemas['ProfileFields'];
export type ReportRow = Schemas['ReportRow'];
export type SecurityClass = Schemas['ClassView'];
export type Service = Schemas['ServiceView'];
export type ServiceKind = Schemas['ServiceKind'];
/** A service, and what depends on it. */
export type ServiceRecord = Answer<'/api/admin/v1/services/{service_id}', 'get'>;
/** What an individual is and was enrolled in. */
export type IndividualServices = Answer<'/api/admin/v1/individuals/{individual_id}/services', 'get'>;
export type Place = IndividualServices['series'][number];
export type RosterRow = Answer<'/api/admin/v1/services/{service_id}/roster', 'get'>['places'][number];
export type ServiceFile = IndividualServices['service_files'][number];
export type ServiceRequest = Answer<'/api/admin/v1/service-requests', 'get'>['requests'][number];
export type SearchOfAccounts = Answer<'/api/admin/v1/accounts/search', 'post'>;
export type Statistics = Answer<'/api/admin/v1/statistics', 'get'>;
export type UserGroup = Schemas['UserGroup'];
export type Waiting = Schemas['Waiting'];
export type WorkerFields = Schemas['WorkerFields'];
/** A worker as System Administrators edit them. */
export type WorkerRecord = Answer<'/api/admin/v1/workers/{worker_id}', 'get'>;
