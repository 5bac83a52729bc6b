use std::fs;

use serde_json::json;

use super::*;
use crate::aws::arn;

/// Reads a template of these resources.
fn read(resources: &str) -> Result<Template, TemplateError> {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("template.yaml");
    fs::write(&file, format!("Transform: AWS::Serverless-2016-10-31\nResources:\n{resources}")).unwrap();
    Template::read(&file, &BTreeMap::new())
}

#[test]
fn the_products_template_is_run_whole() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml");
    let template =
        Template::read(&root, &BTreeMap::from([("MailDomain".to_owned(), json!("a.example"))])).unwrap();
    let journal = template.tables.iter().find(|table| table.name.ends_with("-journal")).unwrap();
    assert!(journal.stream.is_some() && template.world.streams.contains(&journal.name));
    assert!(
        template
            .routes
            .iter()
            .any(|route| route.path.starts_with("/api/portal/v1/") && route.api.ends_with("portal"))
    );
    assert!(
        template
            .routes
            .iter()
            .any(|route| route.path.starts_with("/api/admin/v1/") && route.api.ends_with("admin"))
    );
    assert!(template.functions.values().all(|function| !function.role.statements.is_empty()));
    let sender = template.functions.values().find(|function| function.handler == "jobs.send_mail").unwrap();
    assert!(sender.role.allows("ses:SendEmail", &arn("ses", "identity/a.example")));
    assert!(!sender.role.allows("ses:SendEmail", &arn("ses", "identity/b.example")));
    assert!(!template.queue_readers.is_empty() && !template.schedules.is_empty());
}

#[test]
fn what_isnt_run_is_refused_with_its_place() {
    let refused = read("  Books:\n    Type: AWS::RDS::DBInstance\n    Properties: {}\n").unwrap_err();
    assert!(
        refused.to_string().contains("template.yaml:3: Books: resources of the type AWS::RDS::DBInstance"),
        "{refused}"
    );

    let table = "  Books:\n    Type: AWS::DynamoDB::Table\n    Properties:\n      KeySchema:\n        \
                 - {AttributeName: pk, KeyType: HASH}\n      LocalSecondaryIndexes: []\n";
    let refused = read(table).unwrap_err();
    assert_eq!((refused.line, refused.resource.as_str()), (8, "Books"));
    assert!(refused.what.contains("LocalSecondaryIndexes"), "{refused}");

    let refused =
        read("  Books:\n    Type: AWS::S3::Bucket\n    Properties:\n      BucketName: !ImportValue x\n")
            .unwrap_err();
    assert!(refused.what.contains("Fn::ImportValue"), "{refused}");

    let refused = read("  Books: [\n").unwrap_err();
    assert!(refused.line > 0, "{refused}");
}

#[test]
fn a_role_must_allow_what_the_function_is_fed_with() {
    let resources = "
  Mails:
    Type: AWS::SQS::Queue
    Properties: {VisibilityTimeout: 60}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          - {Effect: Allow, Action: 'sts:AssumeRole', Principal: {Service: lambda.amazonaws.com}}
      Policies:
        - PolicyDocument:
            Statement:
              - {Effect: Allow, Action: 'sqs:ReceiveMessage', Resource: !GetAtt Mails.Arn}
  Send:
    Type: AWS::Serverless::Function
    Properties:
      Handler: jobs.send
      Role: !GetAtt Role.Arn
      Events:
        Mails: {Type: SQS, Properties: {Queue: !GetAtt Mails.Arn}}
";
    let refused = read(resources).unwrap_err();
    assert!(refused.what.contains("sqs:DeleteMessage"), "{refused}");
    let template = read(&resources.replace("sqs:ReceiveMessage", "sqs:*")).unwrap();
    assert_eq!(template.queue_readers[0].queue, "Mails");
    assert_eq!(template.queues["Mails"].visibility, 60);
}

#[test]
fn functions_of_the_template_language_give_what_they_stand_for() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(
        directory.path().join("data.yaml"),
        "Parameters:\n  Stage: {Type: String}\nConditions:\n  Big: !Equals [!Ref Stage, prod]\nResources:\n  Files:\n    \
         Type: AWS::S3::Bucket\n    Properties:\n      BucketName: !Join ['-', [files, !If [Big, big, small], !Ref Stage]]\n  \
         Other:\n    Type: AWS::S3::Bucket\n    Condition: Big\nOutputs:\n  Files: {Value: !Ref Files}\n",
    )
    .unwrap();
    let root = directory.path().join("template.yaml");
    fs::write(
        &root,
        "Parameters:\n  Stage: {Type: String, Default: dev}\nResources:\n  Data:\n    \
         Type: AWS::Serverless::Application\n    Properties:\n      Location: data.yaml\n      \
         Parameters: {Stage: !Ref Stage}\n  Key:\n    Type: AWS::SecretsManager::Secret\n    Properties:\n      \
         Name: !Sub '${Data.Outputs.Files}/${AWS::Region}'\n",
    )
    .unwrap();
    let template = Template::read(&root, &BTreeMap::new()).unwrap();
    assert_eq!(template.world.buckets.iter().collect::<Vec<_>>(), ["files-small-dev"]);
    assert_eq!(template.world.secrets.keys().collect::<Vec<_>>(), ["files-small-dev/us-east-1"]);
    let prod = BTreeMap::from([("Stage".to_owned(), json!("prod"))]);
    assert_eq!(Template::read(&root, &prod).unwrap().world.buckets.len(), 2);
}

#[test]
fn a_rules_input_is_json_whatever_an_event_lacks() {
    let resources = |template: &str| {
        format!(
            "  Mails: {{Type: AWS::SQS::Queue, Properties: {{VisibilityTimeout: 60}}}}
  Open:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Mails]
      PolicyDocument:
        Statement:
          - {{Effect: Allow, Principal: {{Service: events.amazonaws.com}}, Action: 'sqs:SendMessage', Resource: !GetAtt Mails.Arn}}
  Told:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: {{source: [aws.ses]}}
      Targets:
        - Id: mails
          Arn: !GetAtt Mails.Arn
          InputTransformer: {{InputPathsMap: {{kind: $.detail-type}}, InputTemplate: '{template}'}}
"
        )
    };
    assert!(read(&resources(r#"{"kind": "<kind>"}"#)).is_ok());
    for (wrong, why) in [(r#"{"kind": <kind>}"#, "isn't within a text"), (r#"{"kind": "<other>"}"#, "other")]
    {
        let refused = read(&resources(wrong)).unwrap_err();
        assert!(refused.what.contains(why) && refused.resource == "Told", "{refused}");
    }
}
