//! From resources to what is run: each type with the properties it may have.

use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;

use serde_json::{Map, Value};

use super::stack::{Resource, Stack, text};
use super::{Function, Place, Queue, QueueReader, Route, Schedule, StreamReader, Template, TemplateError};
use crate::aws::{Effect, Index, InputTransformer, Role, Rule, Secret, Statement, Table, Target};
use crate::schedule::Expression;

/// Types that matter only in the cloud.
const IGNORED: &[&str] = &[
    "AWS::ApplicationInsights::Application",
    "AWS::Backup::BackupPlan",
    "AWS::Backup::BackupSelection",
    "AWS::Backup::BackupVault",
    "AWS::Budgets::Budget",
    "AWS::CloudFront::",
    "AWS::CloudTrail::Trail",
    "AWS::CloudWatch::",
    "AWS::Events::Archive",
    "AWS::IAM::ManagedPolicy",
    "AWS::KMS::",
    "AWS::Lambda::Permission",
    "AWS::Logs::",
    "AWS::S3::BucketPolicy",
    "AWS::SES::",
    "AWS::SNS::",
    "AWS::WAFv2::",
];

/// What is collected on the way through the stacks, before names are joined.
#[derive(Default)]
struct Reading {
    template: Template,
    roles: BTreeMap<String, Role>,
    /// Functions' names, with the ARN of the role and where they stand.
    pending: Vec<(String, String, Place)>,
    /// ARNs of queues that the bus may send to.
    open_queues: Vec<String>,
}

pub(super) fn read(file: &Path, parameters: &BTreeMap<String, Value>) -> Result<Template, TemplateError> {
    let mut reading = Reading::default();
    reading.stack(&Rc::new(Stack::load(file, parameters)?))?;
    reading.finish()
}

/// The properties of one resource, with where they stand.
struct Properties<'a> {
    stack: &'a Stack,
    id: &'a str,
    kind: &'a str,
    members: Map<String, Value>,
}

impl Properties<'_> {
    fn refuse(&self, property: &str, what: impl Into<String>) -> TemplateError {
        self.stack.place(self.id, Some(property)).refuse(what)
    }

    /// Refuses properties that are neither used nor known to matter only in the cloud.
    fn only(&self, known: &str) -> Result<(), TemplateError> {
        match self.members.keys().find(|name| !known.split(' ').any(|known| known == *name)) {
            None => Ok(()),
            Some(name) => {
                Err(self.refuse(name, format!("the property {name} of {} isn't run here", self.kind)))
            }
        }
    }

    fn inner(&self, members: &Value, kind: &'static str) -> Properties<'_> {
        let members = members.as_object().cloned().unwrap_or_default();
        Properties { stack: self.stack, id: self.id, kind, members }
    }

    fn get(&self, path: &str) -> Option<&Value> {
        let mut parts = path.split('.');
        let first = self.members.get(parts.next()?)?;
        parts.try_fold(first, |at, part| at.get(part))
    }

    fn text(&self, path: &str) -> Option<String> {
        self.get(path).and_then(text)
    }

    fn required(&self, path: &str) -> Result<String, TemplateError> {
        self.text(path).ok_or_else(|| self.refuse(path, format!("{path} is missing")))
    }

    fn number<N: std::str::FromStr>(&self, path: &str) -> Result<Option<N>, TemplateError> {
        let parse = |text: String| {
            text.parse().map_err(|_| self.refuse(path, format!("{path} isn't a number: {text}")))
        };
        self.text(path).map(parse).transpose()
    }

    fn list(&self, path: &str) -> &[Value] {
        self.get(path).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
    }

    fn is_true(&self, path: &str) -> bool {
        self.text(path).as_deref() == Some("true")
    }

    fn name(&self, property: &str) -> String {
        self.text(property).unwrap_or_else(|| super::names::default(self.kind, self.id))
    }

    fn reports_partially(&self) -> bool {
        self.list("FunctionResponseTypes").iter().any(|kind| kind == "ReportBatchItemFailures")
    }
}

/// The last part of an ARN, which is the name.
fn last(arn: &str) -> String {
    arn.rsplit([':', '/']).next().unwrap_or(arn).to_owned()
}

/// One or several texts.
fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::Array(items)) => items.iter().filter_map(text).collect(),
        Some(one) => text(one).into_iter().collect(),
        None => Vec::new(),
    }
}

impl Reading {
    fn stack(&mut self, stack: &Rc<Stack>) -> Result<(), TemplateError> {
        for Resource { id, kind, properties } in stack.resources()? {
            let properties = Properties { stack, id, kind, members: properties };
            match kind {
                "AWS::CloudFormation::Stack" | "AWS::Serverless::Application" => {
                    self.stack(&stack.child(id, 0)?)?;
                }
                "AWS::DynamoDB::Table" => self.table(&properties)?,
                "AWS::Serverless::Function" => self.function(&properties)?,
                "AWS::Serverless::HttpApi" => properties.only(
                    "AccessLogSettings CorsConfiguration DefaultRouteSettings Description \
             DisableExecuteApiEndpoint FailOnWarnings Name PropagateTags RouteSettings StageName Tags",
                )?,
                "AWS::IAM::Role" => self.role(&properties)?,
                "AWS::SQS::Queue" => self.queue(&properties)?,
                "AWS::SQS::QueuePolicy" => self.queue_policy(&properties)?,
                "AWS::Events::EventBus" => {
                    properties.only("DeadLetterConfig Description KmsKeyIdentifier LogConfig Name Tags")?;
                    self.template.world.buses.entry(properties.name("Name")).or_default();
                }
                "AWS::Events::Rule" => self.rule(&properties)?,
                "AWS::S3::Bucket" => self.bucket(&properties)?,
                "AWS::SecretsManager::Secret" => self.secret(&properties)?,
                "AWS::Lambda::EventSourceMapping" => {
                    let function = last(&properties.required("FunctionName")?);
                    let source = properties.required("EventSourceArn")?;
                    self.source(&properties, &source, function)?;
                }
                "AWS::Scheduler::Schedule" => self.scheduler(&properties)?,
                "AWS::SES::EmailIdentity" => {
                    self.template.world.identities.insert(properties.name("EmailIdentity"));
                }
                "AWS::SES::ConfigurationSetEventDestination" => self.mail_events(&properties)?,
                _ if IGNORED.iter().any(|ignored| kind.starts_with(ignored)) => {}
                _ => {
                    return Err(stack
                        .place(id, None)
                        .refuse(format!("resources of the type {kind} aren't run here")));
                }
            }
        }
        Ok(())
    }

    fn table(&mut self, properties: &Properties<'_>) -> Result<(), TemplateError> {
        properties.only(
            "AttributeDefinitions BillingMode ContributorInsightsSpecification \
             DeletionProtectionEnabled GlobalSecondaryIndexes KeySchema OnDemandThroughput \
             PointInTimeRecoverySpecification SSESpecification StreamSpecification TableName Tags \
             TimeToLiveSpecification",
        )?;
        let mut numbers = Vec::new();
        for definition in properties.list("AttributeDefinitions") {
            let definition = properties.inner(definition, "an attribute");
            match definition.required("AttributeType")?.as_str() {
                "S" => {}
                "N" => numbers.push(definition.required("AttributeName")?),
                _ => {
                    return Err(properties
                        .refuse("AttributeDefinitions", "only keys of the types S and N are run here"));
                }
            }
        }
        let (pk, sk) = keys(properties)?;
        let mut indexes = Vec::new();
        for index in properties.list("GlobalSecondaryIndexes") {
            let index = properties.inner(index, "an index");
            index.only("IndexName KeySchema OnDemandThroughput Projection")?;
            let (pk, sk) = keys(&index)?;
            indexes.push(Index {
                name: index.required("IndexName")?,
                pk,
                sk,
                projection: index.required("Projection.ProjectionType")?,
                includes: texts(index.get("Projection.NonKeyAttributes")),
            });
        }
        self.template.tables.push(Table {
            name: properties.name("TableName"),
            pk,
            sk,
            indexes,
            numbers,
            ttl: properties.text("TimeToLiveSpecification.AttributeName"),
            stream: properties.text("StreamSpecification.StreamViewType"),
        });
        Ok(())
    }

    fn role(&mut self, properties: &Properties<'_>) -> Result<(), TemplateError> {
        let trusted = properties.list("AssumeRolePolicyDocument.Statement").iter();
        let mut services =
            trusted.flat_map(|trusted| texts(trusted.get("Principal").and_then(|who| who.get("Service"))));
        if !services.any(|service| service == "lambda.amazonaws.com") {
            return Ok(());
        }
        properties.only(
            "AssumeRolePolicyDocument Description MaxSessionDuration Path PermissionsBoundary \
             Policies RoleName Tags",
        )?;
        let name = properties.name("RoleName");
        let mut role = Role { name: name.clone(), statements: Vec::new() };
        for policy in properties.list("Policies") {
            let statements = policy.get("PolicyDocument").and_then(|document| document.get("Statement"));
            for statement in statements.and_then(Value::as_array).into_iter().flatten() {
                let statement = properties.inner(statement, "a statement");
                statement.only("Action Condition Effect Resource Sid")?;
                let effect = match statement.required("Effect")?.as_str() {
                    "Allow" => Effect::Allow,
                    // Here, a condition can't be told to hold; what is denied only under one is not denied.
                    _ if statement.get("Condition").is_some() => continue,
                    _ => Effect::Deny,
                };
                role.statements.push(Statement {
                    effect,
                    actions: texts(statement.get("Action")),
                    resources: texts(statement.get("Resource")),
                });
            }
        }
        self.roles.insert(crate::aws::arn("iam", &format!("role/{name}")), role);
        Ok(())
    }

    fn queue(&mut self, properties: &Properties<'_>) -> Result<(), TemplateError> {
        properties.only(
            "KmsDataKeyReusePeriodSeconds KmsMasterKeyId MessageRetentionPeriod QueueName \
             ReceiveMessageWaitTimeSeconds RedriveAllowPolicy RedrivePolicy SqsManagedSseEnabled Tags \
             VisibilityTimeout",
        )?;
        let dead_letters = match properties.number("RedrivePolicy.maxReceiveCount")? {
            Some(most) => Some((most, last(&properties.required("RedrivePolicy.deadLetterTargetArn")?))),
            None => None,
        };
        let visibility = properties.number("VisibilityTimeout")?.unwrap_or(30);
        self.template.queues.insert(properties.name("QueueName"), Queue { visibility, dead_letters });
        Ok(())
    }

    fn queue_policy(&mut self, properties: &Properties<'_>) -> Result<(), TemplateError> {
        properties.only("PolicyDocument Queues")?;
        for statement in properties.list("PolicyDocument.Statement") {
            let statement = properties.inner(statement, "a statement");
            let bus = texts(statement.get("Principal.Service"))
                .iter()
                .any(|service| service == "events.amazonaws.com");
            let sends = texts(statement.get("Action")).iter().any(|action| action == "sqs:SendMessage");
            if bus && sends && statement.text("Effect").as_deref() == Some("Allow") {
                self.open_queues.extend(texts(statement.get("Resource")));
            }
        }
        Ok(())
    }

    fn rule(&mut self, properties: &Properties<'_>) -> Result<(), TemplateError> {
        properties.only("Description EventBusName EventPattern Name State Tags Targets")?;
        let pattern = properties.get("EventPattern").cloned().unwrap_or_default();
        let pattern = properties.inner(&pattern, "an event pattern");
        pattern.only("detail detail-type source")?;
        let mut targets = Vec::new();
        for target in properties.list("Targets") {
            let target = properties.inner(target, "a target");
            target.only("Arn DeadLetterConfig Id InputTransformer RetryPolicy")?;
            let arn = target.required("Arn")?;
            if !arn.contains(":sqs:") {
                return Err(
                    properties.refuse("Targets", format!("only queues are targets of rules here, not {arn}"))
                );
            }
            let input = target.get("InputTransformer").map(|_| input_transformer(&target)).transpose()?;
            targets.push(Target { queue: last(&arn), input });
        }
        let bus = properties.text("EventBusName").unwrap_or_else(|| "default".to_owned());
        let rule = Rule {
            sources: texts(pattern.get("source")),
            detail_types: texts(pattern.get("detail-type")),
            detail: pattern.get("detail").cloned().unwrap_or_default(),
            targets,
        };
        if rule.sources.is_empty() {
            return Err(properties.refuse("EventPattern", "a rule here names the sources it matches"));
        }
        self.template.world.buses.entry(last(&bus)).or_default().push(rule);
        Ok(())
    }

    fn mail_events(&mut self, properties: &Properties<'_>) -> Result<(), TemplateError> {
        properties.only("ConfigurationSetName EventDestination")?;
        let destination = properties.get("EventDestination").cloned().unwrap_or_default();
        let destination = properties.inner(&destination, "an event destination");
        destination.only("Enabled EventBridgeDestination MatchingEventTypes Name")?;
        if !destination.required("EventBridgeDestination.EventBusArn")?.ends_with("event-bus/default") {
            return Err(properties.refuse("EventDestination", "SES publishes to the default bus alone"));
        }
        if destination.is_true("Enabled") {
            let set = last(&properties.required("ConfigurationSetName")?);
            let types = texts(destination.get("MatchingEventTypes"));
            self.template.world.mail_events.entry(set).or_default().extend(types);
        }
        Ok(())
    }

    fn bucket(&mut self, properties: &Properties<'_>) -> Result<(), TemplateError> {
        properties.only(
            "BucketEncryption BucketName LifecycleConfiguration LoggingConfiguration ObjectLockConfiguration ObjectLockEnabled OwnershipControls \
             PublicAccessBlockConfiguration Tags VersioningConfiguration",
        )?;
        self.template.world.buckets.insert(properties.name("BucketName"));
        Ok(())
    }

    fn secret(&mut self, properties: &Properties<'_>) -> Result<(), TemplateError> {
        properties.only("Description GenerateSecretString KmsKeyId Name Tags")?;
        let secret = if properties.get("GenerateSecretString").is_none() {
            Secret::Empty
        } else {
            let wrong =
                |_| properties.refuse("SecretStringTemplate", "SecretStringTemplate isn't a JSON object");
            let member = match properties.text("GenerateSecretString.SecretStringTemplate") {
                Some(object) => Some((
                    serde_json::from_str(&object).map_err(wrong)?,
                    properties.required("GenerateSecretString.GenerateStringKey")?,
                )),
                None => None,
            };
            let length = properties.number("GenerateSecretString.PasswordLength")?.unwrap_or(32);
            Secret::Generated { length, member }
        };
        self.template.world.secrets.insert(properties.name("Name"), secret);
        Ok(())
    }

    fn function(&mut self, properties: &Properties<'_>) -> Result<(), TemplateError> {
        properties.only(
            "Architectures AutoPublishAlias CodeUri DeadLetterQueue Description Environment \
             EventInvokeConfig Events FunctionName Handler KmsKeyArn LoggingConfig MemorySize \
             Metadata PackageType ReservedConcurrentExecutions Role Runtime Tags Timeout Tracing",
        )?;
        let name = properties.name("FunctionName");
        let variables =
            properties.get("Environment.Variables").and_then(Value::as_object).cloned().unwrap_or_default();
        let function = Function {
            handler: properties.required("Handler")?,
            environment: variables
                .iter()
                .filter_map(|(name, value)| Some((name.clone(), text(value)?)))
                .collect(),
            timeout: properties.number("Timeout")?.unwrap_or(3),
            role: Role::default(),
        };
        let place = properties.stack.place(properties.id, Some("Role"));
        self.pending.push((name.clone(), properties.required("Role")?, place));
        self.template.functions.insert(name.clone(), function);
        let events = properties.get("Events").and_then(Value::as_object).cloned().unwrap_or_default();
        for (id, event) in &events {
            let kind = event.get("Type").and_then(text).unwrap_or_default();
            let event = properties.inner(event.get("Properties").unwrap_or(&Value::Null), "an event");
            match kind.as_str() {
                "HttpApi" => {
                    event.only("ApiId Method Path PayloadFormatVersion TimeoutInMillis")?;
                    self.template.routes.push(Route {
                        api: event.required("ApiId")?,
                        method: event.required("Method")?.to_ascii_uppercase(),
                        path: event.required("Path")?,
                        function: name.clone(),
                    });
                }
                "SQS" => {
                    let queue = event.required("Queue")?;
                    self.source(&event, &queue, name.clone())?;
                }
                "DynamoDB" => {
                    let stream = event.required("Stream")?;
                    self.source(&event, &stream, name.clone())?;
                }
                "Schedule" | "ScheduleV2" => self.schedule(&event, &format!("{name}{id}"), &name)?,
                other => {
                    return Err(properties.refuse(id, format!("events of the type {other} aren't run here")));
                }
            }
        }
        Ok(())
    }

    fn schedule(&mut self, event: &Properties<'_>, name: &str, function: &str) -> Result<(), TemplateError> {
        event.only(
            "DeadLetterConfig Description Enabled FlexibleTimeWindow Input Name RetryPolicy RoleArn \
             Schedule ScheduleExpression ScheduleExpressionTimezone State",
        )?;
        let property = if event.get("Schedule").is_some() { "Schedule" } else { "ScheduleExpression" };
        let zone = event.text("ScheduleExpressionTimezone");
        self.at_times(
            event,
            property,
            zone.as_deref(),
            name.to_owned(),
            event.text("Input"),
            function.to_owned(),
        )
    }

    fn scheduler(&mut self, properties: &Properties<'_>) -> Result<(), TemplateError> {
        properties.only(
            "Description FlexibleTimeWindow GroupName KmsKeyArn Name ScheduleExpression \
             ScheduleExpressionTimezone State Target",
        )?;
        let function = last(&properties.required("Target.Arn")?);
        let zone = properties.text("ScheduleExpressionTimezone");
        let name = properties.name("Name");
        self.at_times(
            properties,
            "ScheduleExpression",
            zone.as_deref(),
            name,
            properties.text("Target.Input"),
            function,
        )
    }

    fn at_times(
        &mut self,
        properties: &Properties<'_>,
        property: &str,
        zone: Option<&str>,
        name: String,
        input: Option<String>,
        function: String,
    ) -> Result<(), TemplateError> {
        if properties.text("State").as_deref() == Some("DISABLED") {
            return Ok(());
        }
        let refuse = |what: String| properties.refuse(property, what);
        let when = Expression::parse(&properties.required(property)?, zone).map_err(refuse)?;
        let input = input.map(|input| serde_json::from_str(&input)).transpose();
        let input = input.map_err(|_| properties.refuse("Input", "Input isn't JSON"))?;
        self.template.schedules.push(Schedule { name, when, input, function });
        Ok(())
    }

    /// A queue or stream that a function reads.
    fn source(
        &mut self,
        properties: &Properties<'_>,
        source: &str,
        function: String,
    ) -> Result<(), TemplateError> {
        properties.only(
            "BatchSize BisectBatchOnFunctionError DestinationConfig Enabled EventSourceArn FunctionName \
             FunctionResponseTypes MaximumBatchingWindowInSeconds MaximumRecordAgeInSeconds MaximumRetryAttempts \
             Metrics ParallelizationFactor Queue ScalingConfig StartingPosition Stream Tags",
        )?;
        let batch = properties.number("BatchSize")?;
        let partial = properties.reports_partially();
        if let Some((table, _)) = source.split_once("/stream/") {
            let table = last(table);
            if !self.template.world.streams.insert(table.clone()) {
                return Err(properties.refuse("StartingPosition", "only one function reads a stream here"));
            }
            self.template.stream_readers.push(StreamReader {
                table,
                function,
                batch: batch.unwrap_or(100),
                partial,
                bisect: properties.is_true("BisectBatchOnFunctionError"),
                retries: properties
                    .number::<i64>("MaximumRetryAttempts")?
                    .and_then(|most| u32::try_from(most).ok()),
                on_failure: properties.text("DestinationConfig.OnFailure.Destination").map(|arn| last(&arn)),
            });
        } else {
            let queue = last(source);
            self.template.queue_readers.push(QueueReader {
                queue,
                function,
                batch: batch.unwrap_or(10),
                partial,
            });
        }
        Ok(())
    }

    /// Gives functions their roles, and checks that what is joined exists and may be joined.
    fn finish(mut self) -> Result<Template, TemplateError> {
        let places: BTreeMap<String, Place> =
            self.pending.iter().map(|(name, _, place)| (name.clone(), place.clone())).collect();
        for (name, arn, place) in self.pending {
            let role = self.roles.get(&arn).ok_or_else(|| place.refuse(format!("there is no role {arn}")))?;
            if let Some(function) = self.template.functions.get_mut(&name) {
                function.role = role.clone();
            }
        }
        let template = self.template;
        let anywhere = Place { file: "template.yaml".into(), line: 0, resource: String::new() };
        let may = |function: &str, actions: &[&str], resource: &str| {
            let place = places.get(function).cloned().unwrap_or_else(|| anywhere.clone());
            let Some(known) = template.functions.get(function) else {
                return Err(place.refuse(format!("there is no function {function}")));
            };
            match actions.iter().find(|action| !known.role.allows(action, resource)) {
                None => Ok(()),
                Some(action) => {
                    Err(place.refuse(format!("the role of {function} doesn't allow {action} on {resource}")))
                }
            }
        };
        for reader in &template.queue_readers {
            if !template.queues.contains_key(&reader.queue) {
                return Err(anywhere.refuse(format!(
                    "{} reads the queue {}, which doesn't exist",
                    reader.function, reader.queue
                )));
            }
            let actions = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];
            may(&reader.function, &actions, &crate::aws::arn("sqs", &reader.queue))?;
        }
        for reader in &template.stream_readers {
            let stream = crate::aws::arn("dynamodb", &format!("table/{}/stream/local", reader.table));
            let actions = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"];
            may(&reader.function, &actions, &stream)?;
            if let Some(queue) = &reader.on_failure {
                may(&reader.function, &["sqs:SendMessage"], &crate::aws::arn("sqs", queue))?;
            }
        }
        for Target { queue, .. } in template.world.buses.values().flatten().flat_map(|rule| &rule.targets) {
            if !self.open_queues.contains(&crate::aws::arn("sqs", queue)) {
                return Err(
                    anywhere.refuse(format!("no queue policy lets events.amazonaws.com send to {queue}"))
                );
            }
        }
        Ok(template)
    }
}

/// What a target gets of an event. EventBridge leaves out what an event doesn't have: only within texts is that JSON.
fn input_transformer(target: &Properties<'_>) -> Result<InputTransformer, TemplateError> {
    let paths = target.get("InputTransformer.InputPathsMap").and_then(Value::as_object);
    let paths = paths.into_iter().flatten().filter_map(|(name, path)| Some((name.clone(), text(path)?)));
    let input = InputTransformer {
        paths: paths.collect(),
        template: target.required("InputTransformer.InputTemplate")?,
    };
    let placeholders =
        input.template.split('<').skip(1).map(|part| part.split('>').next().unwrap_or_default());
    for name in placeholders {
        if !input.paths.contains_key(name) {
            return Err(target.refuse("InputTemplate", format!("the placeholder {name} has no path")));
        }
    }
    if serde_json::from_str::<Value>(&input.fill(&Value::Null)).is_err() {
        return Err(target.refuse("InputTemplate", "isn't JSON, or a placeholder isn't within a text"));
    }
    Ok(input)
}

/// Partition and sort key.
fn keys(properties: &Properties<'_>) -> Result<(String, Option<String>), TemplateError> {
    let key = |kind: &str| {
        let schema = properties.list("KeySchema").iter();
        let mut of_kind = schema.filter(|key| key.get("KeyType").and_then(Value::as_str) == Some(kind));
        of_kind.next().and_then(|key| key.get("AttributeName").and_then(text))
    };
    let pk = key("HASH").ok_or_else(|| properties.refuse("KeySchema", "there is no HASH key"))?;
    Ok((pk, key("RANGE")))
}
