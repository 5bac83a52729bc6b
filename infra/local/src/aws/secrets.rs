//! Secrets Manager: secrets are made once, as the template says, and kept in the data file.

use bytes::Bytes;
use data_encoding::BASE64URL_NOPAD;
use http::{Request, Response, StatusCode};
use rusqlite::{OptionalExtension, params};
use serde::Deserialize;
use serde_json::{Value, json};

use super::error::{parse, reply};
use super::{Ask, AwsError, Grant, LocalAws, Secret, Service, arn, random, random_id, target_action};

/// What AWS adds to the name of a secret in its ARN, here always the same.
const SUFFIX: &str = "-000000";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OfSecret {
    secret_id: String,
    secret_string: Option<String>,
}

/// The ARN of a secret.
#[must_use]
pub(crate) fn secret_arn(name: &str) -> String {
    arn("secretsmanager", &format!("secret:{name}{SUFFIX}"))
}

/// A secret's name, which may be given as an ARN.
fn name(id: &str) -> &str {
    id.rsplit_once(":secret:").map_or(id, |(_, name)| name.strip_suffix(SUFFIX).unwrap_or(name))
}

pub(super) fn ask(request: &Request<Bytes>) -> Result<Ask, AwsError> {
    let action = target_action(request, &["DescribeSecret", "GetSecretValue", "PutSecretValue"])?;
    let of: OfSecret = parse(request.body())?;
    let secret = name(&of.secret_id);
    let grants = vec![Grant { action: format!("secretsmanager:{action}"), on: vec![secret_arn(secret)] }];
    Ok(Ask { service: Service::SecretsManager, action, grants, resources: vec![secret.to_owned()] })
}

impl LocalAws {
    /// Gives secrets of the template that have no value yet the one they are created with.
    pub(super) fn create_secrets(&self) -> rusqlite::Result<()> {
        for (name, secret) in &self.world().secrets {
            let Secret::Generated { length, member } = secret else {
                continue;
            };
            let random = random_text(*length);
            let value = match member {
                None => random,
                Some((object, member)) => {
                    let mut object = object.clone();
                    object.insert(member.clone(), Value::String(random));
                    Value::Object(object).to_string()
                }
            };
            self.keep_secret("INSERT OR IGNORE", name, &value)?;
        }
        Ok(())
    }

    fn keep_secret(&self, insert: &str, name: &str, value: &str) -> rusqlite::Result<String> {
        let version = random_id();
        let statement =
            format!("{insert} INTO local_secret (name, version, value, created_at) VALUES (?1, ?2, ?3, ?4)");
        self.data()
            .sql(|sql| sql.execute(&statement, params![name, version, value, self.clock().millis()]))?;
        Ok(version)
    }

    pub(super) fn secrets(&self, ask: &Ask, body: &[u8]) -> Result<Response<Bytes>, AwsError> {
        let of: OfSecret = parse(body)?;
        let name = name(&of.secret_id);
        let missing = |what| Err(AwsError::bad_request("ResourceNotFoundException", what));
        if !self.world().secrets.contains_key(name) {
            return missing("Secrets Manager can't find the specified secret.");
        }
        if ask.action == "PutSecretValue" {
            let Some(value) = of.secret_string else {
                return Err(AwsError::bad_request(
                    "InvalidRequestException",
                    "Only SecretString is kept here.",
                ));
            };
            let version = self.keep_secret("INSERT OR REPLACE", name, &value)?;
            return Ok(reply(
                StatusCode::OK,
                &json!({ "ARN": secret_arn(name), "Name": name, "VersionId": version, "VersionStages": ["AWSCURRENT"] }),
            ));
        }
        let kept: Option<(String, String, f64)> = self.data().sql(|sql| {
            sql.query_row(
                "SELECT version, value, created_at / 1000.0 FROM local_secret WHERE name = ?1",
                [name],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )
            .optional()
        })?;
        match (ask.action.as_str(), kept) {
            ("DescribeSecret", kept) => {
                let versions = kept.map(|(version, ..)| json!({ version: ["AWSCURRENT"] }));
                Ok(reply(
                    StatusCode::OK,
                    &json!({ "ARN": secret_arn(name), "Name": name, "VersionIdsToStages": versions }),
                ))
            }
            (_, Some((version, value, created))) => Ok(reply(
                StatusCode::OK,
                &json!({
                    "ARN": secret_arn(name), "Name": name, "VersionId": version, "SecretString": value,
                    "VersionStages": ["AWSCURRENT"], "CreatedDate": created,
                }),
            )),
            (_, None) => {
                missing("Secrets Manager can't find the specified secret value for staging label: AWSCURRENT")
            }
        }
    }
}

/// Letters and digits, as hard to guess as their number makes them.
fn random_text(length: usize) -> String {
    let mut text = String::new();
    while text.len() < length {
        text.extend(BASE64URL_NOPAD.encode(&random::<48>()).chars().filter(char::is_ascii_alphanumeric));
    }
    text.truncate(length);
    text
}
