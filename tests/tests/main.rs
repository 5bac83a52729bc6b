//! Every integration test, in one binary.

mod bad_input;
mod budgets;
mod contract;
mod crash_points;
mod faults;
mod figures;
mod journeys;
mod kills;
mod logs;
mod parity;
mod poison;
mod processes;
mod support;
mod sweep;
