//! Tables and secrets, of the stack `data`.

use functions::operation::Secret;
use store::tables::{KeyType, TABLES, TableShape};

use crate::needs::{secret_id, secret_name};
use crate::text::{blocks, dashed, indented, logical_id};

/// The blocks of `parts/data.yaml`.
pub(crate) fn block(name: &str) -> Option<String> {
    Some(match name {
        "table parameters" => parameters(),
        "table conditions" => {
            TABLES.iter().map(|shape| format!("Own{0}: !Equals [!Ref {0}Table, '']\n", id(shape))).collect()
        }
        "tables" => blocks(TABLES.iter().map(table)),
        "table outputs" => TABLES.iter().map(outputs).collect(),
        "secrets" => blocks(Secret::ALL.into_iter().map(secret)),
        "secret outputs" => {
            Secret::ALL.into_iter().map(|s| format!("{0}:\n  Value: !Ref {0}\n", secret_id(s))).collect()
        }
        _ => return None,
    })
}

/// The blocks of `parts/template.yaml` about tables.
pub(crate) fn root_block(name: &str) -> Option<String> {
    match name {
        "table parameters" => Some(parameters()),
        "tables to data" => Some(replaceable().map(|(name, _)| format!("{name}: !Ref {name}\n")).collect()),
        _ => None,
    }
}

/// Names of parameters that put a restored table, or its stream, in the place of the stack's own.
fn replaceable() -> impl Iterator<Item = (String, &'static str)> {
    TABLES.iter().flat_map(|shape| {
        let id = id(shape);
        let stream = shape.stream.then(|| (format!("{id}Stream"), "The stream of a restored table."));
        [(format!("{id}Table"), "A restored table to use in place of the stack's own.")]
            .into_iter()
            .chain(stream)
    })
}

fn parameters() -> String {
    replaceable()
        .map(|(name, what)| format!("{name}:\n  Type: String\n  Default: ''\n  Description: {what}\n"))
        .collect()
}

fn id(shape: &TableShape) -> String {
    logical_id(shape.name)
}

fn table(shape: &TableShape) -> String {
    let sort_key = shape.sorted.then_some(("sk", KeyType::S));
    let mut attributes = vec![("pk", KeyType::S)];
    attributes.extend(sort_key);
    for index in shape.indexes {
        attributes.extend([index.hash, index.range]);
    }
    let mut seen: Vec<&str> = Vec::new();
    attributes.retain(|(name, _)| {
        !seen.contains(name) && {
            seen.push(name);
            true
        }
    });

    let mut text = format!(
        "\
{id}:
  Type: AWS::DynamoDB::Table
  DeletionPolicy: Retain
  UpdateReplacePolicy: Retain
  Properties:
    TableName: !Sub clientconnect-${{Stage}}-{name}
    BillingMode: PAY_PER_REQUEST
    DeletionProtectionEnabled: true
    PointInTimeRecoverySpecification:
      PointInTimeRecoveryEnabled: true
    SSESpecification:
      SSEEnabled: true
      SSEType: KMS
      KMSMasterKeyId: !GetAtt Key.Arn
    AttributeDefinitions:
",
        id = id(shape),
        name = dashed(shape.name),
    );
    for (name, kind) in attributes {
        let kind = match kind {
            KeyType::S => "S",
            KeyType::N => "N",
        };
        text += &format!("      - AttributeName: {name}\n        AttributeType: {kind}\n");
    }
    text += &indented(4, &key_schema("pk", sort_key.map(|(name, _)| name)));
    if !shape.indexes.is_empty() {
        text += "    GlobalSecondaryIndexes:\n";
    }
    for index in shape.indexes {
        text += &format!("      - IndexName: {}\n", index.name);
        text += &indented(8, &key_schema(index.hash.0, Some(index.range.0)));
        let projection = if index.whole_items { "ALL" } else { "KEYS_ONLY" };
        text += &format!("        Projection:\n          ProjectionType: {projection}\n");
    }
    if shape.expires {
        text += "    TimeToLiveSpecification:\n      AttributeName: ttl\n      Enabled: true\n";
    }
    if shape.stream {
        text += "    StreamSpecification:\n      StreamViewType: NEW_IMAGE\n";
    }
    // What expires by itself isn't worth a backup, unless it is a record.
    if !shape.expires || shape.append_only {
        text += "    Tags:\n      - Key: clientconnect-backup\n        Value: !Ref Stage\n";
    }
    text
}

fn key_schema(hash: &str, range: Option<&str>) -> String {
    let range =
        range.map(|name| format!("  - AttributeName: {name}\n    KeyType: RANGE\n")).unwrap_or_default();
    format!("KeySchema:\n  - AttributeName: {hash}\n    KeyType: HASH\n{range}")
}

fn outputs(shape: &TableShape) -> String {
    let id = id(shape);
    let mut text = format!("{id}Table:\n  Value: !If [Own{id}, !Ref {id}, !Ref {id}Table]\n");
    if shape.stream {
        text += &format!("{id}Stream:\n  Value: !If [Own{id}, !GetAtt {id}.StreamArn, !Ref {id}Stream]\n");
    }
    text
}

fn secret(secret: Secret) -> String {
    format!(
        "\
{id}:
  Type: AWS::SecretsManager::Secret
  DeletionPolicy: Retain
  UpdateReplacePolicy: Retain
  Properties:
    Name: !Sub {name}
    KmsKeyId: !GetAtt Key.Arn
    GenerateSecretString:
      PasswordLength: 64
      ExcludePunctuation: true
",
        id = secret_id(secret),
        name = secret_name("${Stage}", secret),
    )
}
