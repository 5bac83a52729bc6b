//! The least that reads one item from `DynamoDB` and answers it: what first answers are compared with.

use std::collections::BTreeMap;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_types::SdkConfig;
use aws_types::region::Region;
use lambda_http::{Error, Request, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let variables: BTreeMap<String, String> = std::env::vars().collect();
    let [key, secret, region, endpoint, table] =
        ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_ENDPOINT_URL", "SETTINGS_TABLE"]
            .map(|name| variables.get(name).cloned().unwrap_or_default());
    let credentials = Credentials::new(key, secret, None, None, "environment");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region))
        .endpoint_url(endpoint)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build();
    let client = &Client::new(&config);
    let table = &table;
    let answer = async |_: Request| {
        let item = client
            .get_item()
            .table_name(table)
            .key("pk", AttributeValue::S("agency".to_owned()))
            .key("sk", AttributeValue::S("settings".to_owned()))
            .send()
            .await?;
        Ok::<_, Error>(format!(r#"{{"attributes":{}}}"#, item.item.map_or(0, |item| item.len())))
    };
    run(service_fn(answer)).await
}
