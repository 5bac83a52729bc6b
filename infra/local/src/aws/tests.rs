use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem, Update};
use aws_sdk_s3::presigning::PresigningConfig;
use bytes::Bytes;
use chrono::TimeDelta;
use serde_json::json;

use super::tables::{Index, Table};
use super::*;
use crate::queue;

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn world() -> World {
    let rule = Rule {
        sources: vec!["clientconnect".to_owned()],
        detail_types: vec!["activation_requested".to_owned()],
        detail: json!(null),
        targets: vec![Target { queue: "mail".to_owned(), input: None }],
    };
    let told = Rule {
        sources: vec!["aws.ses".to_owned()],
        detail_types: Vec::new(),
        detail: json!({ "mail": { "tags": { "ses:configuration-set": ["ours"] } } }),
        targets: vec![Target { queue: "told".to_owned(), input: None }],
    };
    let types = ["SEND", "DELIVERY", "BOUNCE", "COMPLAINT"].map(str::to_owned);
    World {
        buses: BTreeMap::from([("bus".to_owned(), vec![rule]), ("default".to_owned(), vec![told])]),
        mail_events: BTreeMap::from([
            ("ours".to_owned(), BTreeSet::from(types.clone())),
            ("theirs".to_owned(), BTreeSet::from(types)),
            ("silent".to_owned(), BTreeSet::from(["BOUNCE".to_owned()])),
        ]),
        buckets: BTreeSet::from(["uploads".to_owned()]),
        secrets: BTreeMap::from([
            ("link".to_owned(), Secret::Generated { length: 40, member: None }),
            ("keys".to_owned(), Secret::Empty),
        ]),
        streams: BTreeSet::new(),
        identities: BTreeSet::from(["agency.example".to_owned()]),
    }
}

fn aws() -> LocalAws {
    let data = Data::scratch(None).unwrap();
    let clock = LocalClock::open(&data, chrono::DateTime::from_timestamp(1_767_225_600, 0)).unwrap();
    let aws = LocalAws::open(data, clock, world()).unwrap();
    let due = Index {
        name: "due".to_owned(),
        pk: "part".to_owned(),
        sk: Some("at".to_owned()),
        projection: "KEYS_ONLY".to_owned(),
        includes: vec![],
    };
    let accounts =
        Table { name: "accounts".to_owned(), pk: "pk".to_owned(), indexes: vec![due], ..Table::default() };
    aws.create_tables(&[accounts]).unwrap();
    aws
}

fn dynamodb(aws: &LocalAws, caller: &str) -> aws_sdk_dynamodb::Client {
    aws_sdk_dynamodb::Client::new(&aws.sdk_config(caller))
}

async fn put(client: &aws_sdk_dynamodb::Client, pk: &str) -> Result<(), aws_sdk_dynamodb::Error> {
    client
        .put_item()
        .table_name("accounts")
        .item("pk", text(pk))
        .item("part", text("1"))
        .item("at", text("2026"))
        .condition_expression("attribute_not_exists(pk)")
        .send()
        .await?;
    Ok(())
}

async fn due(client: &aws_sdk_dynamodb::Client) -> Result<usize, aws_sdk_dynamodb::Error> {
    let query = client.query().table_name("accounts").index_name("due").key_condition_expression("part = :s");
    Ok(query.expression_attribute_values(":s", text("1")).send().await?.items().len())
}

fn exists(client: &aws_sdk_dynamodb::Client, pk: &str) -> impl Future<Output = bool> {
    let get = client.get_item().table_name("accounts").key("pk", text(pk));
    async move { get.send().await.unwrap().item.is_some() }
}

#[tokio::test]
async fn a_role_allows_what_it_names_and_no_more() {
    let aws = aws();
    let table = arn("dynamodb", "table/accounts");
    aws.add_caller("reader", Role::allowing("ReaderRole", &["dynamodb:GetItem"], &[&table]));
    aws.add_caller("writer", Role::allowing("WriterRole", &["dynamodb:PutItem"], &[&table]));
    let reader = dynamodb(&aws, "reader");
    assert!(!exists(&reader, "a").await);

    let refused = put(&reader, "a").await.unwrap_err();
    assert_eq!(refused.code(), Some("AccessDeniedException"));
    let message = refused.message().unwrap();
    assert!(
        message.contains("assumed-role/ReaderRole/reader") && message.contains("dynamodb:PutItem"),
        "{message}"
    );
    assert!(message.contains(&table), "{message}");

    assert_eq!(due(&reader).await.unwrap_err().code(), Some("AccessDeniedException"));
    let writer = dynamodb(&aws, "writer");
    put(&writer, "a").await.unwrap();

    let put = Put::builder().table_name("accounts").item("pk", text("b")).build().unwrap();
    let update =
        Update::builder().table_name("accounts").key("pk", text("a")).update_expression("SET x = pk");
    let both = writer
        .transact_write_items()
        .transact_items(TransactWriteItem::builder().put(put).build())
        .transact_items(TransactWriteItem::builder().update(update.build().unwrap()).build())
        .send()
        .await
        .unwrap_err();
    assert!(both.message().unwrap().contains("dynamodb:UpdateItem"), "{both:?}");
    assert!(!exists(&dynamodb(&aws, ROOT), "b").await);
}

#[tokio::test]
async fn nobody_signs_with_an_unknown_key_or_a_wrong_secret() {
    let aws = aws();
    let stranger = put(&dynamodb(&aws, "stranger"), "a").await.unwrap_err();
    assert_eq!(stranger.code(), Some("UnrecognizedClientException"));

    let other = LocalAws::scratch().unwrap();
    let forged = aws
        .sdk_config(ROOT)
        .into_builder()
        .credentials_provider(other.sdk_config(ROOT).credentials_provider().unwrap());
    let forged = put(&aws_sdk_dynamodb::Client::new(&forged.build()), "a").await.unwrap_err();
    assert_eq!(forged.code(), Some("InvalidSignatureException"));
}

#[tokio::test]
async fn errors_carry_what_the_sdk_needs_to_know() {
    let aws = aws();
    let root = dynamodb(&aws, ROOT);
    put(&root, "a").await.unwrap();
    let twice = put(&root, "a").await.unwrap_err();
    assert!(matches!(twice, aws_sdk_dynamodb::Error::ConditionalCheckFailedException(_)), "{twice:?}");

    let again = Put::builder().table_name("accounts").item("pk", text("a"));
    let again = again.condition_expression("attribute_not_exists(pk)").build().unwrap();
    let cancelled = root
        .transact_write_items()
        .transact_items(TransactWriteItem::builder().put(again).build())
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    let aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError::TransactionCanceledException(
        cancelled,
    ) = cancelled
    else {
        panic!("{cancelled:?}");
    };
    assert_eq!(cancelled.cancellation_reasons()[0].code(), Some("ConditionalCheckFailed"));
}

#[tokio::test]
async fn a_fault_before_leaves_nothing_done_and_one_after_loses_only_the_answer() {
    let aws = aws();
    let root = dynamodb(&aws, ROOT);
    aws.faults().inject(Fault::new(When::Before, Kind::ServerError));
    assert!(put(&root, "a").await.is_err());
    aws.faults().clear();
    assert!(!exists(&root, "a").await);

    aws.faults().record(true);
    aws.faults()
        .inject(Fault::new(When::After, Kind::Disconnected).concerning(|call| call.action == "PutItem"));
    assert!(put(&root, "a").await.is_err());
    assert!(exists(&root, "a").await);
    let calls = aws.faults().calls();
    let actions: Vec<&str> = calls.iter().map(|call| call.action.as_str()).collect();
    assert_eq!(actions, ["PutItem", "GetItem"], "the SDK's attempts are one call");
    assert_eq!(calls[1].resources, ["accounts"]);
    assert!(calls[1].units.read > 0.0);

    aws.faults().clear();
    aws.faults().inject(Fault::new(When::Before, Kind::Throttled));
    let throttled = put(&root, "b").await.unwrap_err();
    assert!(matches!(throttled, aws_sdk_dynamodb::Error::ProvisionedThroughputExceededException(_)));

    aws.faults().clear();
    aws.faults().inject(Fault::new(When::Before, Kind::Conflict));
    let update =
        Update::builder().table_name("accounts").key("pk", text("a")).update_expression("SET x = pk");
    let update = TransactWriteItem::builder().update(update.build().unwrap()).build();
    let conflict = root.transact_write_items().transact_items(update).send().await.unwrap_err();
    assert!(format!("{conflict:?}").contains("TransactionConflict"));
}

#[tokio::test]
async fn a_frozen_index_lags_behind_its_table() {
    let aws = aws();
    let root = dynamodb(&aws, ROOT);
    put(&root, "a").await.unwrap();
    aws.freeze_indexes().unwrap();
    put(&root, "b").await.unwrap();
    assert_eq!(due(&root).await.unwrap(), 1);
    assert!(exists(&root, "b").await);
    aws.faults().thaw_indexes();
    assert_eq!(due(&root).await.unwrap(), 2);
}

#[tokio::test]
async fn what_isnt_answered_is_refused_by_name() {
    let aws = aws();
    let refused = dynamodb(&aws, ROOT).list_tables().send().await.unwrap_err();
    assert!(refused.message().unwrap().contains("ListTables"), "{refused:?}");
}

#[tokio::test]
async fn events_reach_the_queues_whose_rules_match() {
    let aws = aws();
    let client = aws_sdk_eventbridge::Client::new(&aws.sdk_config(ROOT));
    let entry = |source: &str, kind: &str, bus: &str, detail: &str| {
        aws_sdk_eventbridge::types::PutEventsRequestEntry::builder()
            .source(source)
            .detail_type(kind)
            .event_bus_name(bus)
            .detail(detail)
            .build()
    };
    let put = client
        .put_events()
        .entries(entry("clientconnect", "activation_requested", "bus", r#"{"id":"1"}"#))
        .entries(entry("clientconnect", "account_closed", "bus", "{}"))
        .entries(entry("other", "activation_requested", "bus", "{}"))
        .entries(entry("clientconnect", "activation_requested", "nowhere", "{}"))
        .entries(entry("clientconnect", "activation_requested", "bus", "no object"))
        .send()
        .await
        .unwrap();
    let errors: Vec<Option<&str>> = put.entries().iter().map(|entry| entry.error_code()).collect();
    let none = Some("ResourceNotFoundException");
    assert_eq!(errors, [None, None, None, none, Some("MalformedDetail")]);
    assert_eq!(put.failed_entry_count(), 2);

    let queued = queue::bodies(aws.data(), "mail").unwrap();
    assert_eq!(queued.len(), 1);
    let event: serde_json::Value = serde_json::from_str(&queued[0]).unwrap();
    assert_eq!(event["detail-type"], "activation_requested");
    assert_eq!(event["detail"], json!({ "id": "1" }));

    let eleven =
        (0..11).fold(client.put_events(), |put, _| put.entries(entry("clientconnect", "x", "bus", "{}")));
    assert!(eleven.send().await.is_err());
}

#[test]
fn a_target_gets_only_what_its_template_takes_of_an_event() {
    let paths = [("kind", "$.detail-type"), ("first", "$.detail.tags.mail[0]"), ("none", "$.detail.none.at")];
    let input = InputTransformer {
        paths: paths.map(|(name, path)| (name.to_owned(), path.to_owned())).into(),
        template: r#"{"a": "<kind>!", "b": ["<first>", "<none>"]}"#.to_owned(),
    };
    let event =
        json!({ "detail-type": "a \"<first>\"", "detail": { "tags": { "mail": ["x", "y"] } }, "more": 1 });
    let filled: serde_json::Value = serde_json::from_str(&input.fill(&event)).unwrap();
    assert_eq!(filled, json!({ "a": "a \"<first>\"!", "b": ["x", ""] }));
}

#[tokio::test]
async fn secrets_are_made_once_and_kept() {
    let aws = aws();
    let client = aws_sdk_secretsmanager::Client::new(&aws.sdk_config(ROOT));
    let get = async |id: &str| {
        client.get_secret_value().secret_id(id).send().await.map(|secret| secret.secret_string.unwrap())
    };
    let link = get("link").await.unwrap();
    assert_eq!(link.len(), 40);
    aws.create_secrets().unwrap();
    assert_eq!(get(&secrets::secret_arn("link")).await.unwrap(), link);

    assert!(get("keys").await.unwrap_err().into_service_error().is_resource_not_found_exception());
    client.put_secret_value().secret_id("keys").secret_string("k").send().await.unwrap();
    assert_eq!(get("keys").await.unwrap(), "k");
    assert!(get("others").await.is_err());
}

#[tokio::test]
async fn ses_tells_of_mails_as_its_simulator_does() {
    use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message, MessageTag};
    let aws = aws();
    let client = aws_sdk_sesv2::Client::new(&aws.sdk_config(ROOT));
    let part = Content::builder().data("x").build().unwrap();
    let body = Body::builder().text(part.clone()).build();
    let message = Message::builder().subject(part).body(body).build();
    let tell = async |to: &str, set: &str| {
        let before = queue::bodies(aws.data(), "told").unwrap().len();
        client
            .send_email()
            .from_email_address("no-reply@agency.example")
            .destination(Destination::builder().to_addresses(to).build())
            .content(EmailContent::builder().simple(message.clone()).build())
            .email_tags(MessageTag::builder().name("mail").value("mai_1").build().unwrap())
            .configuration_set_name(set)
            .send()
            .await
            .unwrap();
        let told = queue::bodies(aws.data(), "told").unwrap().split_off(before);
        told.iter().map(|event| serde_json::from_str(event).unwrap()).collect::<Vec<serde_json::Value>>()
    };
    for (to, happens) in [
        ("kim@mail.example", "Send Delivery"),
        ("bounce@mail.example", "Send Delivery"),
        ("success@simulator.amazonses.com", "Send Delivery"),
        ("ooto@simulator.amazonses.com", "Send Delivery"),
        ("bounce+kim@simulator.amazonses.com", "Send Bounce"),
        ("suppressionlist@simulator.amazonses.com", "Send Bounce"),
        ("complaint@simulator.amazonses.com", "Send Delivery Complaint"),
    ] {
        let told = tell(to, "ours").await;
        let types: Vec<_> = told.iter().map(|event| event["detail"]["eventType"].as_str().unwrap()).collect();
        assert_eq!(types.join(" "), happens, "{to}");
        for event in &told {
            assert_eq!(event["detail"]["mail"]["tags"]["mail"], json!(["mai_1"]));
            assert_eq!(event["detail"]["mail"]["destination"], json!([to]));
        }
    }
    let bounced = tell("bounce@simulator.amazonses.com", "ours").await.pop().unwrap();
    assert_eq!((&bounced["detail-type"], &bounced["source"]), (&json!("Email Bounced"), &json!("aws.ses")));
    assert_eq!(bounced["detail"]["bounce"]["bounceType"], "Permanent");
    assert_eq!(tell("kim@mail.example", "theirs").await.len(), 0, "another deployment's are not ours");
    assert_eq!(tell("kim@mail.example", "silent").await.len(), 0);
}

#[tokio::test]
async fn mails_are_kept_with_all_they_carry() {
    use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message, MessageTag};
    let aws = aws();
    let from = arn("ses", "identity/agency.example");
    aws.add_caller("sender", Role::allowing("SenderRole", &["ses:SendEmail"], &[&from]));
    let client = aws_sdk_sesv2::Client::new(&aws.sdk_config("sender"));
    let part = |text: &str| Content::builder().data(text).build().unwrap();
    let body = Body::builder().html(part("<p>Hello</p>")).text(part("Hello")).build();
    let message = Message::builder().subject(part("Welcome")).body(body).build();
    let send = |from: &str| {
        client
            .send_email()
            .from_email_address(from)
            .destination(Destination::builder().to_addresses("kim@mail.example").build())
            .content(EmailContent::builder().simple(message.clone()).build())
            .email_tags(MessageTag::builder().name("mail").value("mai_1").build().unwrap())
            .send()
    };
    let answer = send("Agency <no-reply@agency.example>").await.unwrap();
    let mails = aws.mails().unwrap();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].id, answer.message_id().unwrap());
    assert_eq!((mails[0].subject.as_str(), mails[0].text.as_str()), ("Welcome", "Hello"));
    assert_eq!(mails[0].tags, [("mail".to_owned(), "mai_1".to_owned())]);
    assert!(!format!("{:?}", mails[0]).contains("kim@"));

    assert!(send("no-reply@other.example").await.is_err());
    let root = aws_sdk_sesv2::Client::new(&aws.sdk_config(ROOT));
    let known = root.get_email_identity().email_identity("agency.example").send().await.unwrap();
    assert!(known.verified_for_sending_status());
    let other = root.get_email_identity().email_identity("other.example").send().await.unwrap_err();
    assert!(other.into_service_error().is_not_found_exception());
}

#[tokio::test]
async fn an_upload_by_presigned_url_is_checked_and_read_back_in_ranges() {
    let aws = aws();
    let all = arn("s3", "uploads/*");
    aws.add_caller("uploader", Role::allowing("UploaderRole", &["s3:PutObject"], &[&all]));
    let client = aws_sdk_s3::Client::new(&aws.sdk_config("uploader"));
    let sum = data_encoding::BASE64
        .encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, b"a,b,c").as_ref());
    let presigned = client
        .put_object()
        .bucket("uploads")
        .key("imports/list 1.csv")
        .content_type("text/csv")
        .content_length(5)
        .checksum_sha256(&sum)
        .presigned(
            PresigningConfig::builder()
                .start_time(aws.clock().now().into())
                .expires_in(Duration::from_mins(5))
                .build()
                .unwrap(),
        )
        .await
        .unwrap();
    let upload = |body: &'static [u8]| {
        let host = presigned.uri().split('/').nth(2).unwrap();
        let builder = http::Request::put(presigned.uri()).header("host", host);
        let builder = presigned.headers().fold(builder, |request, (name, value)| request.header(name, value));
        let mut request = builder.body(Bytes::from_static(body)).unwrap();
        request.headers_mut().insert("content-length", body.len().into());
        request
    };
    let stored = aws.handle(&upload(b"a,b,c"));
    assert_eq!(stored.status(), 200, "{stored:?}");
    assert_eq!(aws.handle(&upload(b"a,b,x")).status(), 400, "another content");
    assert_eq!(aws.handle(&upload(b"a,b,c,d")).status(), 403, "another length");
    let mut elsewhere = upload(b"a,b,c");
    *elsewhere.uri_mut() = presigned.uri().replace("list", "last").parse().unwrap();
    assert_eq!(aws.handle(&elsewhere).status(), 403, "another key");
    aws.clock().advance(TimeDelta::minutes(6)).unwrap();
    assert_eq!(aws.handle(&upload(b"a,b,c")).status(), 403, "too late");

    let root = aws_sdk_s3::Client::new(&aws.sdk_config(ROOT));
    let get = || root.get_object().bucket("uploads").key("imports/list 1.csv");
    let part = get().range("bytes=2-3").send().await.unwrap();
    assert_eq!((part.content_range(), part.content_type()), (Some("bytes 2-3/5"), Some("text/csv")));
    assert_eq!(part.body.collect().await.unwrap().to_vec(), b"b,");
    assert_eq!(get().send().await.unwrap().body.collect().await.unwrap().to_vec(), b"a,b,c");
    assert!(get().range("bytes=9-").send().await.is_err());
    let head = root.head_object().bucket("uploads").key("imports/list 1.csv").send().await.unwrap();
    assert_eq!(head.content_length(), Some(5));
    let missing = root.get_object().bucket("uploads").key("none").send().await.unwrap_err();
    assert!(missing.into_service_error().is_no_such_key());
    let denied = client.get_object().bucket("uploads").key("none").send().await.unwrap_err();
    assert_eq!(denied.code(), Some("AccessDenied"));

    root.put_object().bucket("uploads").key("report").body(b"done".to_vec().into()).send().await.unwrap();
    let report = root.get_object().bucket("uploads").key("report").send().await.unwrap();
    assert_eq!(report.body.collect().await.unwrap().to_vec(), b"done");
}
