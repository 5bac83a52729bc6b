//! For tests: what was called, and what goes wrong.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dynoxide::Database;
use http::StatusCode;
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::error::Lost;
use super::{Ask, AwsError, Service};

/// One call of a service; the attempts the SDK makes for it count as one.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Who called: a function, or `root`.
    pub caller: String,
    /// The service.
    pub service: Service,
    /// Such as `TransactWriteItems`.
    pub action: String,
    /// Tables (`accounts`) and indexes (`accounts/due`), one for each member of a transaction; buckets, secrets, buses.
    pub resources: Vec<String>,
    /// What it took of DynamoDB.
    pub units: Units,
}

/// Capacity units of DynamoDB.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Units {
    /// Read request units.
    pub read: f64,
    /// Write request units.
    pub write: f64,
}

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The service answers 500.
    ServerError,
    /// The connection breaks.
    Disconnected,
    /// No answer comes as long as the client waits; here it doesn't wait.
    TimedOut,
    /// The service is asked too much (`ProvisionedThroughputExceededException` and its like).
    Throttled,
    /// Another transaction has one of the items.
    Conflict,
    /// SES will not have the mail, for a reason it gives in its own words.
    Rejected(&'static str),
}

/// When a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Before anything was done.
    Before,
    /// After it was done, so that only the answer is lost.
    After,
}

/// One thing that goes wrong: with the first call from now on, unless said otherwise.
#[derive(Clone)]
pub struct Fault {
    kind: Kind,
    when: When,
    nth: usize,
    always: bool,
    concerns: Arc<dyn Fn(&Call) -> bool + Send + Sync>,
    seen: usize,
}

impl std::fmt::Debug for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} {:?} call {}", self.kind, self.when, self.nth)
    }
}

impl Fault {
    /// A call fails this way, at this moment.
    #[must_use]
    pub fn new(when: When, kind: Kind) -> Self {
        Self { kind, when, nth: 1, always: false, concerns: Arc::new(|_| true), seen: 0 }
    }

    /// The n-th of the calls it concerns fails, counted from 1.
    #[must_use]
    pub fn nth(self, nth: usize) -> Self {
        Self { nth, ..self }
    }

    /// All later calls it concerns fail too.
    #[must_use]
    pub fn and_after(self) -> Self {
        Self { always: true, ..self }
    }

    /// Only calls for which this holds count.
    #[must_use]
    pub fn concerning(self, holds: impl Fn(&Call) -> bool + Send + Sync + 'static) -> Self {
        Self { concerns: Arc::new(holds), ..self }
    }

    fn strikes(&mut self, call: &Call) -> bool {
        if !(self.concerns)(call) {
            return false;
        }
        self.seen += 1;
        self.seen == self.nth || (self.always && self.seen > self.nth)
    }
}

/// Trouble at a rate: any try of a call may fail, in any way that an outage has, before it is carried out or after. Some
/// faults outlast the SDK's tries, some don't. The same seed strikes the same tries, whatever runs beside them.
#[derive(Clone)]
pub struct Storm {
    percent: u64,
    seed: u64,
    concerns: Arc<dyn Fn(&Call) -> bool + Send + Sync>,
    /// How often each call was tried.
    tries: HashMap<u64, u64>,
}

/// Where one call waits, so that something else comes between it and those before it.
#[derive(Debug)]
pub struct Gate {
    caller: String,
    action: String,
    reached: Notify,
    open: Notify,
}

impl Gate {
    /// Returns when the call waits.
    pub async fn reached(&self) {
        self.reached.notified().await;
    }

    /// Lets the call go on.
    pub fn open(&self) {
        self.open.notify_one();
    }

    pub(super) async fn pass(&self) {
        self.reached.notify_one();
        self.open.notified().await;
    }
}

/// A try that failed.
#[derive(Clone, Debug, PartialEq)]
pub struct Strike {
    /// Of which call.
    pub call: Call,
    /// How.
    pub kind: Kind,
    /// Before or after it was carried out.
    pub when: When,
}

impl Storm {
    /// Of a hundred tries, about so many fail.
    #[must_use]
    pub fn new(percent: u64, seed: u64) -> Self {
        Self { percent, seed, concerns: Arc::new(|_| true), tries: HashMap::new() }
    }

    /// Only calls for which this holds are tossed about.
    #[must_use]
    pub fn concerning(self, holds: impl Fn(&Call) -> bool + Send + Sync + 'static) -> Self {
        Self { concerns: Arc::new(holds), ..self }
    }

    /// What becomes of this try, and whether the SDK's further tries fare no better.
    fn strikes(&mut self, call: &Call) -> Option<(Kind, When, bool)> {
        if !(self.concerns)(call) {
            return None;
        }
        let of = |what: &dyn Fn(&mut DefaultHasher)| {
            let mut hasher = DefaultHasher::new();
            what(&mut hasher);
            hasher.finish()
        };
        let name = of(&|hasher| (&call.caller, call.service, &call.action, &call.resources).hash(hasher));
        let tries = self.tries.entry(name).or_default();
        *tries += 1;
        let roll = of(&|hasher| (self.seed, name, *tries).hash(hasher));
        if roll % 100 >= self.percent {
            return None;
        }
        let (kind, when) = match roll / 100 % 7 {
            0 => (Kind::Throttled, When::Before),
            1 => (Kind::ServerError, When::Before),
            2 => (Kind::ServerError, When::After),
            3 => (Kind::TimedOut, When::Before),
            4 => (Kind::TimedOut, When::After),
            5 => (Kind::Disconnected, When::Before),
            _ => (Kind::Disconnected, When::After),
        };
        Some((kind, when, roll / 700 % 2 == 0))
    }
}

impl Kind {
    pub(super) fn error(self, ask: &Ask) -> AwsError {
        match (self, ask.service) {
            (Self::ServerError, _) => AwsError::internal("A fault was injected."),
            (Self::Disconnected, _) => lost(Lost::Disconnected),
            (Self::TimedOut, _) => lost(Lost::TimedOut),
            (Self::Throttled, Service::DynamoDb) => AwsError::bad_request(
                "ProvisionedThroughputExceededException",
                "The level of configured provisioned throughput for the table was exceeded.",
            ),
            (Self::Throttled, Service::Ses) => AwsError::new(
                StatusCode::TOO_MANY_REQUESTS,
                "TooManyRequestsException",
                "Maximum sending rate exceeded.",
            ),
            (Self::Throttled, _) => AwsError::bad_request("ThrottlingException", "Rate exceeded"),
            (Self::Rejected(message), _) => AwsError::bad_request("MessageRejected", message),
            (Self::Conflict, _) if ask.action == "TransactWriteItems" => conflict(ask.resources.len()),
            (Self::Conflict, _) => {
                AwsError::bad_request("TransactionConflictException", "Transaction is ongoing for the item")
            }
        }
    }
}

fn lost(how: Lost) -> AwsError {
    AwsError { lost: Some(how), ..AwsError::internal("The answer was lost.") }
}

/// A cancelled transaction whose first member another transaction has.
fn conflict(members: usize) -> AwsError {
    let mut reasons = vec![json!({ "Code": "None" }); members];
    if let Some(first) = reasons.first_mut() {
        *first = json!({ "Code": "TransactionConflict", "Message": "Transaction is ongoing for the item" });
    }
    let mut error = AwsError::bad_request(
        "TransactionCanceledException",
        "Transaction cancelled, please refer cancellation reasons for specific reasons [TransactionConflict]",
    );
    error.details.insert("CancellationReasons".to_owned(), Value::Array(reasons));
    error
}

/// Records calls and makes them fail.
#[derive(Debug, Default)]
pub struct Faults {
    recording: AtomicBool,
    to_the_end: AtomicBool,
    active: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    calls: Vec<Call>,
    faults: Vec<Fault>,
    /// The fate of each of the SDK's invocations, shared by its attempts.
    fates: HashMap<String, Kind>,
    storm: Option<Storm>,
    strikes: Vec<Strike>,
    gates: Vec<Arc<Gate>>,
    indexes: Option<Database>,
}

impl State {
    /// What becomes of a try, and whether the SDK's further tries fare no better.
    fn strike(&mut self, call: &Call) -> Option<(Kind, When, bool)> {
        let fault = self.faults.iter_mut().fold(None, |struck, fault| {
            let strikes = fault.strikes(call);
            struck.or(strikes.then_some((fault.kind, fault.when, true)))
        });
        let struck = fault.or_else(|| self.storm.as_mut()?.strikes(call));
        if let Some((kind, when, _)) = struck {
            self.strikes.push(Strike { call: call.clone(), kind, when });
        }
        struck
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State")
            .field("calls", &self.calls)
            .field("faults", &self.faults)
            .finish_non_exhaustive()
    }
}

/// What became of a call on arrival.
#[derive(Clone, Copy)]
pub(super) struct Arrival {
    pub(super) fault: Option<(Kind, When)>,
    number: Option<usize>,
}

impl Faults {
    /// Begins to note every call, with its units, or stops; what was noted before is forgotten.
    pub fn record(&self, on: bool) {
        self.state().calls.clear();
        self.recording.store(on, Ordering::Release);
        self.active.store(on, Ordering::Release);
    }

    /// The calls noted so far, oldest first.
    pub fn calls(&self) -> Vec<Call> {
        self.state().calls.clone()
    }

    /// Lets [`Local::drain`](crate::Local::drain) go on until the template gives up what fails, however long that is.
    pub fn to_the_end(&self) {
        self.to_the_end.store(true, Ordering::Release);
    }

    pub(crate) fn go_to_the_end(&self) -> bool {
        self.to_the_end.load(Ordering::Acquire)
    }

    /// Lets something go wrong.
    pub fn inject(&self, fault: Fault) {
        self.state().faults.push(fault);
        self.active.store(true, Ordering::Release);
    }

    /// Lets the next call of that action by that function wait.
    pub fn hold(&self, caller: &str, action: &str) -> Arc<Gate> {
        let (caller, action) = (caller.to_owned(), action.to_owned());
        let gate = Arc::new(Gate { caller, action, reached: Notify::new(), open: Notify::new() });
        self.state().gates.push(gate.clone());
        self.active.store(true, Ordering::Release);
        gate
    }

    /// Where a call has to wait, if anywhere.
    pub(super) fn gate<B>(&self, request: &http::Request<B>) -> Option<Arc<Gate>> {
        if !self.active.load(Ordering::Acquire) {
            return None;
        }
        let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
        let (caller, target) = (header("authorization")?, header("x-amz-target")?);
        let gates = &mut self.state().gates;
        let waits = gates.iter().position(|gate| {
            caller.contains(&format!("Credential={}/", gate.caller))
                && target.ends_with(&format!(".{}", gate.action))
        });
        waits.map(|place| gates.remove(place))
    }

    /// Lets a storm rage, until [`Faults::clear`].
    pub fn rage(&self, storm: Storm) {
        let mut state = self.state();
        state.storm = Some(storm);
        state.strikes.clear();
        self.active.store(true, Ordering::Release);
    }

    /// What the last storm struck.
    pub fn strikes(&self) -> Vec<Strike> {
        self.state().strikes.clone()
    }

    /// Nothing goes wrong any more.
    pub fn clear(&self) {
        let mut state = self.state();
        state.faults.clear();
        state.fates.clear();
        state.storm = None;
        self.active.store(self.is_recording(), Ordering::Release);
    }

    /// Queries on indexes see the present again.
    pub fn thaw_indexes(&self) {
        self.state().indexes = None;
        self.active.store(self.is_recording(), Ordering::Release);
    }

    pub(super) fn freeze_indexes(&self, at: Database) {
        self.state().indexes = Some(at);
        self.active.store(true, Ordering::Release);
    }

    pub(super) fn frozen_indexes(&self) -> Option<Database> {
        if self.active.load(Ordering::Acquire) { self.state().indexes.clone() } else { None }
    }

    pub(super) fn is_recording(&self) -> bool {
        self.recording.load(Ordering::Acquire)
    }

    pub(super) fn arrives(&self, caller: &str, ask: &Ask, invocation: Option<&str>) -> Arrival {
        if !self.active.load(Ordering::Acquire) {
            return Arrival { fault: None, number: None };
        }
        let mut state = self.state();
        if let Some(fate) = invocation.and_then(|id| state.fates.get(id)) {
            // Whatever was to be done was done, or not, at the first attempt.
            return Arrival { fault: Some((*fate, When::Before)), number: None };
        }
        let call = Call {
            caller: caller.to_owned(),
            service: ask.service,
            action: ask.action.clone(),
            resources: ask.resources.clone(),
            units: Units::default(),
        };
        let struck = state.strike(&call);
        if let (Some(id), Some((kind, _, true))) = (invocation, struck) {
            state.fates.insert(id.to_owned(), kind);
        }
        let fault = struck.map(|(kind, when, _)| (kind, when));
        let number = self.is_recording().then(|| {
            state.calls.push(call);
            state.calls.len() - 1
        });
        Arrival { fault, number }
    }

    /// Whether a storm takes the answer to whoever brings records and messages to a function.
    pub(crate) fn lose(&self, function: &str, service: Service, action: &str, from: &str) -> bool {
        if !self.active.load(Ordering::Acquire) {
            return false;
        }
        let call = Call {
            caller: function.to_owned(),
            service,
            action: action.to_owned(),
            resources: vec![from.to_owned()],
            units: Units::default(),
        };
        let mut state = self.state();
        state.storm.is_some() && state.strike(&call).is_some()
    }

    pub(super) fn used(&self, arrival: Arrival, units: Units) {
        if let Some(number) = arrival.number
            && let Some(call) = self.state().calls.get_mut(number)
        {
            call.units = units;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
