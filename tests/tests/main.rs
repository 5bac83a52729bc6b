//! Every integration test, in one binary.

mod bad_input;
mod budgets;
mod contract;
mod crash_points;
mod figures;
mod journeys;
mod logs;
mod parity;
mod processes;
mod support;
mod sweep;
