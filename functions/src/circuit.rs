//! Spares a service that doesn't answer, and spares callers the wait for it.
//!
//! The SDK tries a call again, and stops that when most tries fail; but it makes every call, and waits for each until its
//! timeout. A circuit ends that: after several tries in a row without an answer, calls fail at once, and one probe at a
//! time finds out whether the service is back. Each function process has one for each service.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::{RuntimeComponents, RuntimeComponentsBuilder};
use aws_smithy_types::config_bag::ConfigBag;
use aws_types::SdkConfig;
use chrono::{DateTime, TimeDelta, Utc};

use crate::ports::Clock;

/// Tries in a row without an answer that open it: two calls with all their tries. One unlucky call is none of its
/// business.
const UNANSWERED: u32 = 6;
/// How long it stays open before each probe: what requests are told to wait (`Retry-After`).
const PAUSE: TimeDelta = TimeDelta::seconds(5);

/// The configuration for one service's client, whose calls go through a circuit of their own.
pub(crate) fn guard(config: &SdkConfig, service: &'static str, clock: &Arc<dyn Clock>) -> SdkConfig {
    let circuit = Arc::new(Circuit { service, clock: Arc::clone(clock), state: Mutex::default() });
    let guarded = config.http_client().map(|inner| SharedHttpClient::new(Guarded { inner, circuit }));
    let mut builder = config.clone().into_builder();
    builder.set_http_client(guarded);
    builder.build()
}

struct Circuit {
    service: &'static str,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Tries in a row without an answer.
    unanswered: u32,
    /// When the last of them, or a probe, was made.
    tried_at: Option<DateTime<Utc>>,
}

impl fmt::Debug for Circuit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Circuit").field("service", &self.service).finish_non_exhaustive()
    }
}

impl Circuit {
    /// Whether a call may be made now. Of those that come after the pause, the first may, as a probe.
    fn lets_through(&self) -> bool {
        let mut state = self.state();
        if state.unanswered < UNANSWERED {
            return true;
        }
        let now = self.clock.now();
        // A time to come is of a clock that was set back.
        let pauses = state.tried_at.is_some_and(|at| at <= now && now - at < PAUSE);
        if !pauses {
            state.tried_at = Some(now);
        }
        !pauses
    }

    fn heard(&self, answered: bool) {
        let mut state = self.state();
        if answered {
            if state.unanswered >= UNANSWERED {
                tracing::warn!(service = self.service, "the service answers again");
            }
            *state = State::default();
            return;
        }
        state.unanswered = state.unanswered.saturating_add(1);
        state.tried_at = Some(self.clock.now());
        if state.unanswered == UNANSWERED {
            tracing::warn!(service = self.service, "the service doesn't answer; it is spared for a while");
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A try under way. Whoever gives up waiting for it drops it, which counts as no answer.
struct Try {
    circuit: Arc<Circuit>,
    answered: bool,
}

impl Drop for Try {
    fn drop(&mut self) {
        self.circuit.heard(self.answered);
    }
}

/// A call that was not made.
#[derive(Debug, thiserror::Error)]
#[error("{0} did not answer lately and is not asked again yet")]
struct Spared(&'static str);

#[derive(Debug)]
struct Guarded<T> {
    inner: T,
    circuit: Arc<Circuit>,
}

impl HttpClient for Guarded<SharedHttpClient> {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Guarded { inner, circuit: Arc::clone(&self.circuit) })
    }

    fn validate_base_client_config(
        &self,
        components: &RuntimeComponentsBuilder,
        config: &ConfigBag,
    ) -> Result<(), BoxError> {
        self.inner.validate_base_client_config(components, config)
    }

    fn validate_final_config(
        &self,
        components: &RuntimeComponents,
        config: &ConfigBag,
    ) -> Result<(), BoxError> {
        self.inner.validate_final_config(components, config)
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.inner.connector_metadata()
    }
}

impl HttpConnector for Guarded<SharedHttpConnector> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        if !self.circuit.lets_through() {
            // Of the kind that the SDK doesn't try again.
            let spared = ConnectorError::user(Spared(self.circuit.service).into());
            return HttpConnectorFuture::ready(Err(spared));
        }
        let answer = self.inner.call(request);
        let attempt = Try { circuit: Arc::clone(&self.circuit), answered: false };
        HttpConnectorFuture::new(async move {
            let mut attempt = attempt;
            let answer = answer.await?;
            // Throttles are answers: of a key or a quota, not of the service, and the SDK slows down for them.
            attempt.answered = answer.status().as_u16() < 500;
            Ok(answer)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
    use aws_smithy_types::body::SdkBody;

    use super::*;

    #[derive(Default)]
    struct Seconds(AtomicI64);

    impl Clock for Seconds {
        fn now(&self) -> DateTime<Utc> {
            DateTime::from_timestamp(self.0.load(Ordering::Relaxed), 0).unwrap()
        }

        fn pause(&self, _: std::time::Duration) -> crate::entry::BoxFuture<'_, ()> {
            Box::pin(std::future::ready(()))
        }
    }

    /// A service that answers with a status, or never.
    #[derive(Debug)]
    struct Service(Option<u16>);

    impl HttpConnector for Service {
        fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
            let Some(status) = self.0 else { return HttpConnectorFuture::new(std::future::pending()) };
            HttpConnectorFuture::ready(Ok(HttpResponse::new(status.try_into().unwrap(), SdkBody::empty())))
        }
    }

    fn circuit() -> (Arc<Seconds>, Arc<Circuit>) {
        let clock = Arc::new(Seconds::default());
        let circuit = Circuit { service: "test", clock: clock.clone(), state: Mutex::default() };
        (clock, Arc::new(circuit))
    }

    /// Makes a call and gives up waiting at once if there is no answer: whether it was made.
    fn call(circuit: &Arc<Circuit>, service: Option<u16>) -> bool {
        let inner = SharedHttpConnector::new(Service(service));
        let guarded = Guarded { inner, circuit: Arc::clone(circuit) };
        let answer = futures_util::FutureExt::now_or_never(guarded.call(HttpRequest::empty()));
        !matches!(answer, Some(Err(error)) if error.is_user())
    }

    #[test]
    fn who_never_answers_is_spared_whether_it_breaks_or_hangs() {
        for down in [None, Some(500), Some(503)] {
            let (clock, circuit) = circuit();
            for _ in 0..UNANSWERED {
                assert!(call(&circuit, down));
            }
            assert!(!call(&circuit, Some(200)), "{down:?}");
            clock.0.store(5, Ordering::Relaxed);
            assert!(call(&circuit, down), "a probe");
            assert!(!call(&circuit, Some(200)), "one alone");
            clock.0.store(10, Ordering::Relaxed);
            assert!(call(&circuit, Some(200)), "another");
            assert!(call(&circuit, Some(200)), "closed again");
        }
    }

    #[test]
    fn an_answer_of_any_kind_begins_the_count_anew() {
        let (_, circuit) = circuit();
        for answer in [200, 400, 429] {
            for _ in 1..UNANSWERED {
                assert!(call(&circuit, None));
            }
            assert!(call(&circuit, Some(answer)), "{answer}");
        }
        for _ in 0..100 {
            assert!(call(&circuit, Some(400)), "throttles are answers");
        }
    }

    #[test]
    fn a_clock_that_is_set_back_keeps_it_open_no_longer() {
        let (clock, circuit) = circuit();
        clock.0.store(1_000, Ordering::Relaxed);
        for _ in 0..UNANSWERED {
            call(&circuit, None);
        }
        assert!(!call(&circuit, None));
        clock.0.store(0, Ordering::Relaxed);
        assert!(call(&circuit, Some(200)));
    }
}
