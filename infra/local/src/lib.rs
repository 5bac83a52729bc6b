//! ClientConnect on a developer's machine: the product's SAM template, run in one process.
//!
//! # The tables alone
//!
//! A test of the store needs no template, only tables:
//!
//! ```
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use local::aws::{Fault, Kind, LocalAws, Role, When, arn};
//!
//! let aws = LocalAws::scratch()?;
//! let root = aws_sdk_dynamodb::Client::new(&aws.sdk_config("root"));
//! // … create tables as `root` …
//!
//! // A caller with a role of its own signs with its name as the access key id:
//! aws.add_caller("sign_in", Role::allowing("SignInRole", &["dynamodb:GetItem"], &[&arn("dynamodb", "table/accounts")]));
//! let client = aws_sdk_dynamodb::Client::new(&aws.sdk_config("sign_in"));
//!
//! // Every call from here on is noted, with the capacity units it takes; the second one fails after it was done.
//! aws.faults().record(true);
//! aws.faults().inject(Fault::new(When::After, Kind::Disconnected).nth(2));
//! # let _ = (root, client);
//! # Ok(())
//! # }
//! ```

pub mod aws;
mod bells;
mod clock;
mod data;
mod demo;
mod dev;
mod gateway;
mod invoke;
mod local;
mod operations;
mod queue;
mod queues;
mod run;
pub mod schedule;
mod server;
mod sites;
mod streams;
pub mod template;
#[cfg(test)]
mod tests;
mod uploads;

pub use clock::LocalClock;
pub use data::DataError;
pub use demo::{Demo, DemoError};
pub use gateway::Site;
pub use invoke::{Answer, InvokeError, Invoker};
pub use local::{Loaded, Local, Options, Place, Snapshot, StartError};
pub use operations::Operations;
pub use run::{DrainError, ScheduleError};
pub use server::{Listeners, Pages, Ports, Server};
pub use sites::Sites;

/// The OpenAPI documents of both APIs, by name.
#[must_use]
pub fn openapi() -> serde_json::Value {
    use functions::openapi::document;
    use functions::operation::Api;
    serde_json::json!({ "portal": document(Api::Portal), "admin": document(Api::Admin) })
}
