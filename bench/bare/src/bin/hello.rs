//! The least that answers as a Lambda function behind an API: what starts and memory are compared with.

use std::convert::Infallible;

use lambda_http::{Error, Request, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(async |_: Request| Ok::<_, Infallible>(r#"{"hello":"world"}"#))).await
}
