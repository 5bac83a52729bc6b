//! What resources are called here, and what `Ref` and `GetAtt` give for them.

use crate::aws::{ACCOUNT, REGION, arn, secret_arn};

/// The property that names a resource of a type.
pub(super) fn property(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "AWS::DynamoDB::Table" => "TableName",
        "AWS::Events::EventBus"
        | "AWS::Events::Rule"
        | "AWS::Scheduler::Schedule"
        | "AWS::SecretsManager::Secret"
        | "AWS::Serverless::HttpApi"
        | "AWS::SES::ConfigurationSet" => "Name",
        "AWS::IAM::Role" => "RoleName",
        "AWS::Lambda::Function" | "AWS::Serverless::Function" => "FunctionName",
        "AWS::Logs::LogGroup" => "LogGroupName",
        "AWS::S3::Bucket" => "BucketName",
        "AWS::SES::EmailIdentity" => "EmailIdentity",
        "AWS::SNS::Topic" => "TopicName",
        "AWS::SQS::Queue" => "QueueName",
        _ => return None,
    })
}

/// What a resource without a name of its own is called.
pub(super) fn default(kind: &str, id: &str) -> String {
    if kind == "AWS::S3::Bucket" { id.to_ascii_lowercase() } else { id.to_owned() }
}

/// An attribute of the resource of this type and name; `Ref` counts as one.
pub(super) fn attribute(kind: &str, name: &str, attribute: &str) -> Option<String> {
    let of = |service: &str, resource: String| Some(arn(service, &resource));
    match (kind, attribute) {
        ("AWS::DynamoDB::Table", "Arn") => of("dynamodb", format!("table/{name}")),
        ("AWS::DynamoDB::Table", "StreamArn") => of("dynamodb", format!("table/{name}/stream/local")),
        ("AWS::Events::EventBus", "Arn") => of("events", format!("event-bus/{name}")),
        ("AWS::Events::Rule", "Arn") => of("events", format!("rule/{name}")),
        ("AWS::IAM::Role", "Arn") => of("iam", format!("role/{name}")),
        ("AWS::KMS::Key", "Arn") => of("kms", format!("key/{name}")),
        ("AWS::Lambda::Function" | "AWS::Serverless::Function", "Arn") => {
            of("lambda", format!("function:{name}"))
        }
        ("AWS::Logs::LogGroup", "Arn") => of("logs", format!("log-group:{name}:*")),
        ("AWS::S3::Bucket", "Arn") => of("s3", name.to_owned()),
        ("AWS::S3::Bucket", "RegionalDomainName" | "DomainName") => {
            Some(format!("{name}.s3.{REGION}.amazonaws.com"))
        }
        ("AWS::SecretsManager::Secret", "Ref" | "Id" | "Arn") => Some(secret_arn(name)),
        ("AWS::SES::EmailIdentity", "Arn") => of("ses", format!("identity/{name}")),
        ("AWS::SES::ConfigurationSet", "Arn") => of("ses", format!("configuration-set/{name}")),
        ("AWS::SNS::Topic", "Ref" | "TopicArn" | "Arn") => of("sns", name.to_owned()),
        ("AWS::SQS::Queue", "Arn") => of("sqs", name.to_owned()),
        ("AWS::SQS::Queue", "Ref" | "QueueUrl") => {
            Some(format!("https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}"))
        }
        ("AWS::Serverless::HttpApi", "ApiEndpoint") => {
            Some(format!("https://{name}.execute-api.{REGION}.amazonaws.com"))
        }
        ("AWS::SES::EmailIdentity", token) if token.starts_with("DkimDNSToken") => Some(token.to_owned()),
        (_, "Ref" | "QueueName" | "TopicName" | "Name" | "KeyId" | "RoleId" | "ApiId") => {
            Some(name.to_owned())
        }
        (_, "Arn") => of("local", format!("{kind}/{name}")),
        _ => None,
    }
}
