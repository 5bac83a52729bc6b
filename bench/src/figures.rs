//! What was measured, in a table.

use std::fmt::Write as _;
use std::time::Duration;

/// Runs of one thing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Runs(Vec<f64>);

impl Runs {
    pub(crate) fn push(&mut self, value: f64) {
        self.0.push(value);
    }

    /// In milliseconds.
    pub(crate) fn took(&mut self, time: Duration) {
        self.push(time.as_secs_f64() * 1000.0);
    }

    /// The value that this share of the runs doesn't exceed.
    pub(crate) fn quantile(&self, share: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a few thousand runs at most"
        )]
        let rank = (share * sorted.len() as f64).ceil() as usize;
        sorted.get(rank.saturating_sub(1)).or(sorted.last()).copied().unwrap_or(f64::NAN)
    }

    pub(crate) fn median(&self) -> f64 {
        self.quantile(0.5)
    }

    /// Median and 99th percentile.
    pub(crate) fn in_ms(&self) -> String {
        format!("{:.2} / {:.2} ms", self.median(), self.quantile(0.99))
    }
}

/// One figure.
struct Row {
    figure: String,
    ours: String,
    reference: String,
    ratio: String,
    budget: String,
    verdict: &'static str,
}

/// The figures so far.
#[derive(Default)]
pub(crate) struct Table(Vec<Row>);

impl Table {
    /// A figure that is to be at most `budget` times its reference.
    pub(crate) fn at_most(&mut self, figure: &str, ours: &Runs, reference: (&str, &Runs), budget: f64) {
        let (name, runs) = reference;
        let ratio = ours.median() / runs.median();
        self.row(
            figure,
            &ours.in_ms(),
            &format!("{name}: {}", runs.in_ms()),
            &format!("{ratio:.3}×"),
            (&format!("≤ {budget}×"), ratio <= budget),
        );
    }

    pub(crate) fn row(
        &mut self,
        figure: &str,
        ours: &str,
        reference: &str,
        ratio: &str,
        budget: (&str, bool),
    ) {
        let verdict = if budget.1 { "met" } else { "MISSED" };
        let [figure, ours, reference, ratio, budget] =
            [figure, ours, reference, ratio, budget.0].map(str::to_owned);
        self.0.push(Row { figure, ours, reference, ratio, budget, verdict });
    }

    /// As Markdown.
    pub(crate) fn render(&self) -> String {
        let mut text = "| figure | ours (median / p99) | reference (median / p99) | ratio | budget | |\n\
                        | --- | --- | --- | --- | --- | --- |\n"
            .to_owned();
        for Row { figure, ours, reference, ratio, budget, verdict } in &self.0 {
            // Writing to a string can't fail.
            writeln!(text, "| {figure} | {ours} | {reference} | {ratio} | {budget} | {verdict} |").ok();
        }
        text
    }
}
