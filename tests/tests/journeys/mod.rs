//! What people do, through the interfaces they do it by.

mod activation;
mod consent;
mod creating;
mod devices;
mod imports;
mod invitation;
mod records;
mod signing_in;
