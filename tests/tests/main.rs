//! Every integration test.
