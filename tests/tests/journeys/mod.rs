//! What people do, through the interfaces they do it by.

mod account_search;
mod accounts;
mod activation;
mod agency;
mod alerts;
mod bulk_jobs;
mod consent;
mod creating;
mod devices;
mod imports;
mod individuals;
mod invitation;
mod mail_outcomes;
mod mails;
mod my_account;
mod passwords;
mod records;
mod sessions;
mod signing_in;
mod staff;
mod statistics;
